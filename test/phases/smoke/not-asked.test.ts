import assert from 'node:assert/strict';
import { test } from 'node:test';
import { json, startFake, type Answer, type Seen } from './fake-server.ts';
import { FOREIGN, smokeAt, type Smoked } from './smoking.ts';

const [ONE, TWO] = ['http://127.0.0.1:1', 'http://127.0.0.1:2'];
const MODELS = ['a', 'b', 'vectors'];
/** Beyond every limit of time. */
const LATE_MS = 3_600_000;

const entry = (name: string, server: string, told: boolean, more: object = {}): object => ({
  model_name: name,
  litellm_params: { api_base: server },
  model_info: {
    supports_function_calling: true,
    supports_vision: true,
    supports_tool_choice: told ? false : null,
    ...more,
  },
});
const EMBEDDING = { mode: 'embedding', supports_function_calling: false, supports_vision: false };
/** The second server says nothing about `b`, so it is asked for it by name. */
const INFO = {
  '/model/info': {
    data: [
      ...[ONE, TWO].flatMap((server) => [entry('a', server, true), entry('b', server, server === ONE)]),
      entry('vectors', ONE, true, EMBEDDING),
    ],
  },
};

/** `/health` of two servers that have both chat models in memory, with two slots each. */
const HEALTH = {
  healthy_endpoints: MODELS.flatMap((model) =>
    [ONE, TWO].map((url) => ({ model_name: model, model, api_base: `${url}/` })),
  ),
  backends: [ONE, TWO].map((backend) => ({
    backend,
    resident: ['a:latest', 'b:latest'],
    slots: { a: { taken: 0, known: 2 }, b: { taken: 0, known: 2 } },
  })),
};

const calling = (seen: Seen, answer: Answer): Answer =>
  seen.body['tools'] === undefined
    ? answer
    : {
        ...answer,
        body: answer.body.replace(
          '"content":"Hello"',
          `"content":null,"tool_calls":[{"function":{"name":"get_weather","arguments":"{}"}}]`,
        ),
      };

const isRamp = ({ body }: Seen): boolean => JSON.stringify(body['messages'] ?? '').includes('upwards');
const signature = ({ path, body, named }: Seen): string => JSON.stringify([path, body, named]);

interface Asked {
  readonly smoked: Smoked;
  readonly requests: readonly Seen[];
}

/** Runs smoke: request `broken` fails, and at request `last` the time is over. */
async function ask({
  broken = -1,
  last = -1,
  everyServer = false,
  budgetMs,
}: {
  broken?: number;
  last?: number;
  everyServer?: boolean;
  budgetMs?: number;
}): Promise<Asked> {
  let isLate = false;
  const requests: Seen[] = [];
  const bend = (seen: Seen, answer: Answer): Answer => {
    const number = requests.push(seen) - 1;
    if (number === last) isLate = true;
    // 404 of a named server: it does not have the model.
    const status = seen.named === undefined ? 500 : 404;
    return number === broken ? json(status, { error: { message: 'planted' } }) : calling(seen, answer);
  };
  await using server = await startFake({
    models: [...MODELS, 'extra'],
    backends: [ONE, TWO],
    health: HEALTH,
    paths: INFO,
    bend,
  });
  const wanted = {
    models: MODELS,
    backends: [ONE, TWO],
    embeddings: ['vectors'],
    everyServer,
    ...(budgetMs === undefined ? {} : { budgetMs }),
  };
  const smoked = await smokeAt(server.url, wanted, undefined, () => performance.now() + (isLate ? LATE_MS : 0));
  return { smoked, requests };
}

/** The checks that failed, but for the one that the speed of this machine decides. */
function failures({ smoked }: Asked): readonly string[] {
  const failed = smoked.report.results.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id);
  return failed.filter((id) => id !== 'performance.knee');
}

for (const everyServer of [false, true])
  test(`${everyServer ? 'with --every-server ' : ''}no check passes where the time ended before a request that would have failed it`, async () => {
    const full = await ask({ everyServer });
    assert.deepEqual(failures(full), ['models.as-configured']);
    const found: string[] = [];
    for (const [index, request] of full.requests.entries()) {
      if (index === 0 || isRamp(request)) continue;
      const late = await ask({ everyServer, last: index - 1 });
      const count = ({ requests }: Asked): number =>
        requests.filter((one) => signature(one) === signature(request)).length;
      if (count(late) === count(full)) continue;
      for (const id of failures(await ask({ everyServer, broken: index })))
        if (late.smoked.result(id).outcome === 'pass' && id !== 'models.as-configured')
          found.push(`${id} passes without ${signature(request)}`);
    }
    assert.deepEqual(found, []);
  });

test('a ramp that the time cuts says what it left out, and with a budget the speed of the rest is not asked', async () => {
  const full = await ask({});
  const ramp = full.requests.findIndex(isRamp);
  const short = (await ask({ last: ramp + 4 })).smoked;
  const missing = /; not asked in the time of the ramp: a with more than 2 at once, b$/;
  assert.match(short.result('performance.errors').seen, missing);
  assert.match(short.result('performance.tokens').seen, /; not asked in the time of the ramp: b$/);
  assert.match(short.files.get('measurements.json') ?? '', /"not_ramped":\["b"\]/);
  const budget = (await ask({ last: ramp + 4, budgetMs: 60_000 })).smoked;
  const { outcome, seen, fix } = budget.result('performance.tokens');
  assert.deepEqual([outcome, seen], ['unknown', 'not asked within 60 s: the speed of b']);
  assert.equal(fix, 'hxllm smoke --budget 180');
});

test('models of another server that are not asked are not called unasked', async () => {
  const paths = {
    '/model/info': { data: [entry('a', ONE, true, { ...EMBEDDING, mode: 'chat' }), entry('b', ONE, true)] },
  };
  await using server = await startFake({ models: ['a', 'b'], backends: [], paths });
  const { result } = await smokeAt(server.url, FOREIGN);
  for (const ability of ['tools', 'vision']) {
    const { outcome, seen } = result(`abilities.${ability}`);
    assert.deepEqual([outcome, seen], ['not-applicable', `a has no ${ability}`]);
  }
});

test('a gateway that does not state what its models can is not taken for one whose models can nothing', async () => {
  const bend = (seen: Seen, answer: Answer): Answer =>
    seen.path === '/model/info' ? json(502, { error: { message: 'planted' } }) : answer;
  await using server = await startFake({ models: ['a'], backends: [], bend });
  const ours = await smokeAt(server.url, { models: ['a'] });
  for (const id of ['abilities.tools', 'abilities.vision', 'prompts.room']) {
    const { outcome, seen } = ours.result(id);
    assert.deepEqual([outcome, seen], ['unknown', '/model/info: 502: planted'], id);
  }
  const other = await smokeAt(server.url, FOREIGN);
  assert.equal(other.result('abilities.tools').outcome, 'not-applicable');
});

test('an alias that did not answer at all is not called unasked for want of time', async () => {
  const bend = (seen: Seen, answer: Answer): Answer =>
    seen.body['model'] === 'b' ? json(500, { error: { message: 'broken' } }) : answer;
  const paths = { '/model/info': { data: [entry('b', ONE, true)] } };
  await using server = await startFake({ models: ['a', 'b'], backends: [], bend, paths });
  const { result } = await smokeAt(server.url, { models: ['a', 'b'] });
  const { outcome, seen } = result('abilities.tools');
  assert.deepEqual([outcome, seen], ['unknown', 'not asked: b gave no answer before']);
});
