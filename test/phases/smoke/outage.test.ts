import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail, ok } from '../../../src/core/problem.ts';
import { failsPhase } from '../../../src/core/verdict.ts';
import type { SmokeTarget } from '../../../src/phases/smoke/target.ts';
import { json, startFake, type Answer, type Seen } from './fake-server.ts';
import { smokeAt, type Smoked } from './smoking.ts';

const [ONE, TWO] = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
const ALIAS = 'phi3-3.8b';

interface Planted {
  /** The answer of a request for the alias while a server is out. */
  readonly whileOut?: (answer: Answer) => Answer;
  /** The answer of a request for the alias between the question for the fleet and the drain. */
  readonly before?: (answer: Answer) => Answer;
  /** The server that answers requests without a name while it is out. */
  readonly still?: true;
  readonly drainedBefore?: readonly string[];
  readonly giveBack?: 'fails' | 'throws' | 'lies';
  readonly refused?: true;
  readonly wanted?: Partial<SmokeTarget>;
  readonly stop?: AbortController;
}

/** Smoke with `--fault` against a gateway that can drain; `drains` are the drains in order. */
async function smoked(planted: Planted): Promise<Smoked & { readonly drains: readonly string[] }> {
  const drains: string[] = [];
  let out: string | undefined;
  let isLoaded = false;
  const bend = (seen: Seen, answer: Answer): Answer => {
    if (seen.path === '/fleet') {
      isLoaded = true;
      const servers = [ONE, TWO].map((url) => ({
        url,
        state: 'up',
        ...(planted.drainedBefore?.includes(url) === true ? { drained: true } : {}),
      }));
      return json(200, { servers });
    }
    if (seen.path !== '/v1/chat/completions' || answer.status !== 200) return answer;
    if (out === undefined) return planted.before === undefined || !isLoaded ? answer : planted.before(answer);
    if (seen.named === out) return json(503, { error: { message: 'the server is drained' } });
    const server = planted.still === true ? out : out === ONE ? TWO : ONE;
    const other = { ...answer, headers: { ...answer.headers, 'x-hxllm-backend': server } };
    return planted.whileOut === undefined ? other : planted.whileOut(other);
  };
  const takeOut: NonNullable<SmokeTarget['takeOut']> = async (server) => {
    const problem = { code: 'x', summary: 'not possible', detail: 'Nobody answers.', fix: 'hxllm backend list' };
    if (planted.refused === true) return fail(problem);
    drains.push(`drain ${server}`);
    out = server;
    planted.stop?.abort();
    return ok({
      giveBack: async () => {
        drains.push(`undrain ${server}`);
        if (planted.giveBack === 'throws') throw new Error('the connection broke');
        if (planted.giveBack !== 'lies') out = undefined;
        return planted.giveBack === 'fails' ? fail(problem) : ok(undefined);
      },
    });
  };
  await using server = await startFake({ models: [ALIAS], backends: [ONE, TWO], bend });
  let nowMs = 0;
  const wanted = { backends: [ONE, TWO], takeOut, withoutRamp: true, ...planted.wanted };
  return { ...(await smokeAt(server.url, wanted, planted.stop?.signal, () => (nowMs += 50))), drains };
}

function faults({ report }: Smoked): readonly string[] {
  return report.results.filter(failsPhase).map(({ id }) => id);
}

const OUT_AND_BACK = [`drain ${ONE}`, `undrain ${ONE}`];

test('a server is taken out while requests go on, nothing fails, and it is put back', async () => {
  const good = await smoked({});
  assert.deepEqual([faults(good), good.drains], [[], OUT_AND_BACK]);
  assert.match(
    good.result('backends.outage').seen,
    /requests for phi3-3\.8b, all answered by others \(it had answered \d+ of \d+ before\)$/,
  );
  assert.equal(good.result('backends.put-back').seen, `${ONE} answered when it was asked by name`);
});

test('a request that fails meanwhile, or that the server answers itself, fails the check, and the server is put back', async () => {
  const failing = await smoked({ whileOut: () => json(503, { error: { message: 'no server' } }) });
  assert.deepEqual([faults(failing), failing.drains], [['backends.outage'], OUT_AND_BACK]);
  assert.match(failing.result('backends.outage').seen, /^\d+ of \d+ failed: 503: no server$/);
  const still = await smoked({ still: true });
  assert.deepEqual([faults(still), still.drains], [['backends.outage'], OUT_AND_BACK]);
});

test('a server that is not in use again is an error with the command that takes it back', async () => {
  for (const giveBack of ['fails', 'throws', 'lies'] as const) {
    const lost = await smoked({ giveBack });
    assert.deepEqual([faults(lost), lost.drains], [['backends.put-back'], OUT_AND_BACK], giveBack);
    const { fix } = lost.result('backends.put-back');
    assert.match(fix ?? '', giveBack === 'fails' ? /^hxllm backend list/ : /^hxllm backend undrain http/);
  }
});

test('the server that answered most of the requests is the one that is taken out', async () => {
  const busy = await smoked({
    before: (answer) => ({ ...answer, headers: { ...answer.headers, 'x-hxllm-backend': TWO } }),
  });
  assert.deepEqual([faults(busy), busy.drains], [[], [`drain ${TWO}`, `undrain ${TWO}`]]);
});

test('no server is taken out while requests fail already', async () => {
  const failing = await smoked({ before: () => json(503, { error: { message: 'overloaded' } }) });
  assert.deepEqual([failing.drains, failing.result('backends.outage').outcome], [[], 'unknown']);
  assert.match(failing.result('backends.outage').seen, /^no server was taken out of use: .*503: overloaded/);
});

test('Ctrl-C while the server is out puts it back', async () => {
  const stopped = await smoked({ stop: new AbortController() });
  assert.deepEqual([stopped.report.ending, stopped.drains], ['aborted', OUT_AND_BACK]);
  assert.equal(stopped.result('backends.outage').outcome, 'unknown');
});

test('no server is taken out that an alias needs, or that an operator has drained', async () => {
  const rows: readonly (readonly [Planted, readonly string[], string])[] = [
    [{ drainedBefore: [ONE] }, [], 'not-applicable'],
    [{ wanted: { backends: [ONE], placement: new Map([[ALIAS, [ONE]]]) } }, [], 'not-applicable'],
    [{ refused: true }, [], 'unknown'],
  ];
  for (const [planted, events, outcome] of rows) {
    const ran = await smoked(planted);
    assert.deepEqual([ran.drains, ran.result('backends.outage').outcome], [events, outcome]);
  }
});
