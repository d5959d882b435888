import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake, type FakeUpstream } from '../fake-upstream.ts';
import { startGateway, type Running } from '../running.ts';

const answering = (): Promise<FakeUpstream> =>
  startFake(({ path }, outgoing) => {
    if (path === '/api/generate') outgoing.end('{"response":"a","done":true,"done_reason":"stop"}\n');
    else if (path === '/api/chat') outgoing.end(piece('a') + DONE);
    else
      outgoing.end(
        '{"choices":[{"index":0,"text":"a","message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}',
      );
  });

/** Sends a body as text, since a JavaScript number would lose the digits. */
const post = (gateway: Running, path: string, body: string): Promise<Response> =>
  gateway.ask(path, { method: 'POST', body });

const seedsIn = (fake: FakeUpstream): readonly string[] =>
  fake.requests.map(({ body }) => /"seed":(-?\d+)[,}]/.exec(body)?.[1] ?? 'none');

const SEEDS = [
  '9007199254740993',
  '9007199254740994',
  '-9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '1234567890123456789',
  '7',
  '0',
];

// A text with the words of a seed, and a nested one, are no seed of the request.
const chat = (seed: string): string =>
  `{"model":"m","stream":false,"messages":[{"role":"user","content":"\\"seed\\": 1"}],"metadata":{"seed":"9"}, "seed" : ${seed}}`;
const ways: Readonly<Record<string, (seed: string) => string>> = {
  '/v1/chat/completions': chat,
  '/v1/responses': (seed) => `{"model":"m","input":"hi","seed":${seed}}`,
  '/v1/completions': (seed) => `{"seed":${seed},"model":"m","prompt":"hi"}`,
  '/api/chat': (seed) => `{"model":"m","messages":[{"role":"user","content":"hi"}],"options":{"seed":${seed}}}`,
  '/api/generate': (seed) => `{"model":"m","prompt":"hi","options":{"top_k":3,"seed":${seed},"stop":["x"]}}`,
};

test('a seed of 64 bits reaches Ollama and an OpenAI-compatible server digit by digit, from every API', async () => {
  for (const model of ['ollama_chat/m', 'openai/m']) {
    await using fake = await answering();
    await using gateway = await startGateway([], {
      model_list: [{ model_name: 'm', litellm_params: { model, api_base: fake.url } }],
    });
    const inOpenai = model === 'openai/m';
    for (const [path, body] of Object.entries(ways)) {
      if (inOpenai && path.startsWith('/api/')) continue;
      const before = fake.requests.length;
      for (const seed of SEEDS) {
        const response = await post(gateway, path, body(seed));
        assert.equal(response.status, 200, `${path} ${seed}: ${await response.text()}`);
      }
      assert.deepEqual(seedsIn(fake).slice(before), SEEDS, `${model} ${path}`);
    }
  }
});

test('each choice has the next seed, and the largest is followed by the smallest', async () => {
  await using fake = await answering();
  await using gateway = await startGateway([fake]);
  for (const [seed, next] of [
    ['9007199254740991', '9007199254740992'],
    ['9007199254740994', '9007199254740995'],
    ['9223372036854775807', '-9223372036854775808'],
  ] as const) {
    const before = fake.requests.length;
    assert.equal((await post(gateway, '/v1/chat/completions', chat(seed).replace('{', '{"n":2,'))).status, 200);
    assert.deepEqual(seedsIn(fake).slice(before).toSorted(), [seed, next].toSorted());
  }
});

test('a seed beyond 64 bits, or no integer, is refused by Ollama’s route with the range', async () => {
  await using fake = await answering();
  await using gateway = await startGateway([fake]);
  for (const seed of ['9223372036854775808', '-9223372036854775809', '1e300', '1.5', '"7"', 'true'])
    for (const path of ['/v1/chat/completions', '/v1/responses', '/v1/completions']) {
      const response = await post(gateway, path, ways[path]?.(seed) ?? '');
      assert.equal(response.status, 400, `${path} ${seed}`);
      assert.match(await response.text(), /seed/);
    }
  for (const seed of ['9223372036854775808', '"7"'])
    assert.equal((await post(gateway, '/api/chat', ways['/api/chat']?.(seed) ?? '')).status, 400, seed);
  assert.equal(fake.requests.length, 0);
});

test('ALIAS:latest is the alias in every API', async () => {
  await using fake = await answering();
  await using gateway = await startGateway([fake]);
  for (const [path, body] of Object.entries(ways))
    assert.equal((await post(gateway, path, body('1').replace('"model":"m"', '"model":"m:latest"'))).status, 200, path);
  assert.equal((await gateway.ask('/v1/models/m:latest')).status, 200);
  assert.equal((await post(gateway, '/v1/chat/completions', chat('1').replace('"m"', '"m:7b"'))).status, 404);
});
