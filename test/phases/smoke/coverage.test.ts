import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, startFake, type Answer, type Seen } from './fake-server.ts';
import { smokeAt } from './smoking.ts';

const [ONE, TWO] = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
const OURS = { models: ['a', 'b', 'vectors'], backends: [ONE, TWO], embeddings: ['vectors'] };

/** A body of `/health`: by server, the models in its memory with their slots. The aliases of the fleet are the names of its models. */
function healthOf(
  resident: Readonly<Record<string, Readonly<Record<string, number | undefined>>>>,
  aliases: readonly string[],
): object {
  const servers = Object.keys(resident);
  return {
    healthy_endpoints: aliases.flatMap((model) =>
      servers.map((url) => ({ model_name: model, model, api_base: `${url}/` })),
    ),
    backends: Object.entries(resident).map(([backend, models]) => ({
      backend,
      resident: Object.keys(models).map((name) => `${name}:latest`),
      slots: Object.fromEntries(
        Object.entries(models).map(([name, known]) => [name, known === undefined ? { taken: 0 } : { taken: 0, known }]),
      ),
    })),
  };
}

function modelAnswers(seen: readonly Seen[]): readonly string[] {
  return seen
    .filter(({ path, key }) => key !== undefined && (path.endsWith('/completions') || path.endsWith('/embeddings')))
    .map(({ body, named }) => `${String(body['model'])}${named === undefined ? '' : ` of ${named}`}`);
}

test('an alias that no server has fails the smoke test, although the first alias answers', async () => {
  const bend = (seen: Seen, answer: Answer): Answer =>
    seen.body['model'] === 'b' ? json(404, { error: { message: 'model "b" not found' } }) : answer;
  await using server = await startFake({ models: OURS.models, backends: OURS.backends, bend });
  const { report, result } = await smokeAt(server.url, OURS);
  assert.equal(report.ending, 'failed');
  assert.equal(result('chat.answers').outcome, 'pass');
  assert.deepEqual(
    [result('models.answered').outcome, result('models.answered').seen],
    ['fail', 'b: 404: model "b" not found'],
  );
});

test('models in memory are asked first, and each server by name with one of them', async () => {
  const health = healthOf({ [ONE]: { b: 1 }, [TWO]: { vectors: 1 } }, OURS.models);
  await using server = await startFake({ models: OURS.models, backends: OURS.backends, health });
  const { report, result } = await smokeAt(server.url, OURS);
  assert.equal(report.ending, 'passed');
  const asked = modelAnswers(server.requests);
  // A chat alias is asked for a stop sequence and for JSON while it is in memory.
  const first = ['b', 'b', 'b', 'vectors', 'a', 'a', 'a'];
  assert.deepEqual(asked.slice(0, first.length), first);
  assert.deepEqual(
    asked.filter((text) => text.includes(' of ')),
    [`b of ${ONE}`, `vectors of ${TWO}`],
  );
  // All that is asked of one model alone goes to the one in memory.
  assert.deepEqual(
    new Set(asked.slice(first.length).filter((text) => !text.includes(' of '))),
    new Set(['b', 'hxllm-smoke-no-such-model']),
  );
  assert.equal(result('backends.used').seen, `${ONE} (b), ${TWO} (vectors)`);
});

test('--every-server says what it loads, and asks each alias of each of its servers', async () => {
  const health = healthOf({ [ONE]: { a: 1, b: 1, vectors: 1 }, [TWO]: { a: 1 } }, OURS.models);
  const bend = (seen: Seen, answer: Answer): Answer =>
    seen.named === TWO && seen.body['model'] === 'vectors' ? json(500, { error: { message: 'no memory' } }) : answer;
  await using server = await startFake({ models: OURS.models, backends: OURS.backends, health, bend });
  const placement = new Map([['b', [ONE]]]);
  const { events, result } = await smokeAt(server.url, { ...OURS, placement, everyServer: true });
  const notes = events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));
  assert.equal(notes.length, 1);
  assert.match(notes[0] ?? '', /may push other models out:\n {2}http:\/\/127\.0\.0\.1:2: vectors$/);
  const asked = modelAnswers(server.requests).filter((text) => text.includes(' of '));
  assert.deepEqual(asked.toSorted(), [
    `a of ${ONE}`,
    `a of ${TWO}`,
    `b of ${ONE}`,
    `vectors of ${ONE}`,
    `vectors of ${TWO}`,
  ]);
  assert.equal(result('backends.used').outcome, 'pass');
  assert.equal(result('backends.every-alias').outcome, 'fail');
  assert.equal(result('backends.every-alias').seen, `vectors of ${TWO}: 500: no memory`);
});

test('aliases and servers beyond the time are listed as not asked, and fail the smoke test without being called broken', async () => {
  await using server = await startFake({ models: OURS.models, backends: OURS.backends });
  const { report, result } = await smokeAt(server.url, { ...OURS, budgetMs: -1 });
  assert.equal(report.ending, 'failed');
  assert.match(result('chat.answers').seen, /^not asked within \d+ s: a$/);
  assert.equal(result('models.answered').outcome, 'unknown');
  assert.match(result('models.answered').seen, /: a, b, vectors$/);
  assert.match(result('models.answered').fix ?? '', /^hxllm smoke --budget \d+$/);
  assert.ok(report.results.every(({ id, outcome }) => !id.startsWith('backends.') || outcome !== 'pass'));
});

test('a burst beyond the slots of one server is sent where two have the alias in memory', async () => {
  const health = healthOf({ [ONE]: { a: 2 }, [TWO]: { a: 3, b: 1 } }, OURS.models);
  await using shared = await startFake({ models: OURS.models, backends: OURS.backends, health });
  const good = await smokeAt(shared.url, OURS);
  assert.equal(good.result('backends.balanced').outcome, 'pass');
  assert.match(good.result('backends.balanced').seen, /^4 requests for a at once: http:\/\/127\.0\.0\.1:[12] 2×/);
  const bend = (seen: Seen, answer: Answer): Answer =>
    seen.named === undefined && answer.headers['x-hxllm-backend'] !== undefined
      ? { ...answer, headers: { ...answer.headers, 'x-hxllm-backend': ONE } }
      : answer;
  await using stuck = await startFake({ models: OURS.models, backends: OURS.backends, health, bend });
  const bad = await smokeAt(stuck.url, OURS);
  assert.equal(bad.result('backends.used').outcome, 'pass', 'each answers when it is named');
  assert.equal(bad.result('backends.balanced').outcome, 'fail');
  assert.equal(bad.result('backends.balanced').seen, `4 requests at once: ${ONE} 4×`);
});

test('a request of a burst that fails is told, although two servers answered others', async () => {
  const health = healthOf({ [ONE]: { a: 2 }, [TWO]: { a: 3 } }, OURS.models);
  for (const [status, outcome] of [
    [500, 'fail'],
    [429, 'pass'],
  ] as const) {
    let burst = 0;
    const bend = ({ body }: Seen, answer: Answer): Answer => {
      const isBurst = JSON.stringify(body['messages'] ?? '').includes('to fifty') && body['max_tokens'] === 64;
      if (isBurst && body['stream'] === undefined) burst += 1;
      return isBurst && burst === 4 ? json(status, { error: { message: 'planted' } }) : answer;
    };
    await using server = await startFake({ models: OURS.models, backends: OURS.backends, health, bend });
    const { result } = await smokeAt(server.url, OURS);
    assert.equal(result('backends.balanced').outcome, outcome, result('backends.balanced').seen);
    if (status === 500) assert.equal(result('backends.balanced').seen, '3: 500: planted');
  }
});

test('without two servers that have an alias in memory, or without known slots, balance does not apply, with the reason', async () => {
  const reasons: readonly (readonly [object | undefined, RegExp])[] = [
    [undefined, /^\/health does not show/],
    [healthOf({ [ONE]: { a: 2 }, [TWO]: { b: 2 } }, OURS.models), /^no alias is in the memory of two servers$/],
    [healthOf({ [ONE]: { a: 2 }, [TWO]: { a: undefined } }, OURS.models), /^the number of slots for a is not known$/],
    [healthOf({ [ONE]: { a: 64 }, [TWO]: { a: 64 } }, OURS.models), /^a server has 64 slots or more for a$/],
  ];
  for (const [health, reason] of reasons) {
    const known = health === undefined ? {} : { health };
    await using server = await startFake({ models: OURS.models, backends: OURS.backends, ...known });
    const { result } = await smokeAt(server.url, OURS);
    assert.equal(result('backends.balanced').outcome, 'not-applicable');
    assert.match(result('backends.balanced').seen, reason);
  }
});
