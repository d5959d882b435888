import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake, type FakeUpstream } from '../fake-upstream.ts';
import { exactNumber } from '../../../src/core/exact-number.ts';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { KEY, startGateway, type Running } from '../running.ts';

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
  '/v1/chat/completions?extra_body': (seed) =>
    `{"model":"m","extra_body":{"seed":${seed}},"messages":[{"role":"user","content":"hi"}]}`,
  '/v1/chat/completions?extra_body.options': (seed) =>
    `{"model":"m","extra_body":{"options":{"seed":${seed}}},"messages":[{"role":"user","content":"hi"}]}`,
  '/v1/responses?extra_body': (seed) => `{"model":"m","input":"hi","extra_body":{"seed":${seed}}}`,
  '/v1/chat/completions?options': (seed) =>
    `{"model":"m","messages":[{"role":"user","content":"hi"}],"options":{"seed":${seed}}}`,
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
      // An `openai/` server gets `options` of the chat API as they came, which is not a seed of that API.
      if (inOpenai && (path.startsWith('/api/') || path.endsWith('options'))) continue;
      const before = fake.requests.length;
      for (const seed of SEEDS) {
        const response = await post(gateway, path, body(seed));
        assert.equal(response.status, 200, `${path} ${seed}: ${await response.text()}`);
      }
      assert.deepEqual(seedsIn(fake).slice(before), SEEDS, `${model} ${path}`);
    }
  }
});

test('a seed beyond 2^53 is no failure where the server’s API has none', async () => {
  const seeds = '"seed":9007199254740993,"options":{"seed":9007199254740993}';
  const vectors = '{"embeddings":[[1]],"data":[{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":1}}';
  await using fake = await startFake((_got, outgoing) => void outgoing.end(vectors));
  for (const model of ['ollama_chat/m', 'openai/m']) {
    await using gateway = await startGateway([], {
      model_list: [{ model_name: 'm', litellm_params: { model, api_base: fake.url } }],
    });
    for (const path of ['/v1/embeddings', '/api/embed', '/api/embeddings']) {
      const text = path === '/api/embeddings' ? 'prompt' : 'input';
      const response = await post(gateway, path, `{"model":"m","${text}":"hi",${seeds}}`);
      assert.equal(response.status, 200, `${model} ${path}: ${await response.text()}`);
    }
  }
  assert.ok(fake.requests.at(-3)?.body.includes(seeds));
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

test('a seed of 64 bits in the file reaches Ollama digit by digit', async () => {
  for (const seed of [9_007_199_254_740_993n, -(2n ** 63n), String(2n ** 63n - 1n)])
    for (const name of ['seed', 'extra_body', 'extra_body.options']) {
      await using fake = await answering();
      const own = { seed: exactNumber(seed) };
      const params = name === 'seed' ? own : { extra_body: name === 'extra_body' ? own : { options: own } };
      const litellm_params = { model: 'ollama_chat/m', api_base: fake.url, ...params };
      await using gateway = await startGateway([], { model_list: [{ model_name: 'm', litellm_params }] });
      assert.equal((await post(gateway, '/v1/chat/completions', chat('null'))).status, 200);
      assert.deepEqual(seedsIn(fake), [String(seed)], name);
      const info = await (await gateway.ask('/model/info')).text();
      assert.ok(name !== 'seed' || info.includes(String(seed)), info);
    }
});

test('a seed of the file beyond 64 bits, or no whole number, leaves its entry out with a warning', () => {
  for (const seed of ['9223372036854775808', '-9223372036854775809', '1.5', 'x', '[1]']) {
    const text = `{model_list: [{model_name: m, litellm_params: {model: ollama_chat/m, api_base: "http://a", seed: ${seed}}}, {model_name: n, litellm_params: {model: ollama_chat/n, api_base: "http://a"}}], general_settings: {master_key: ${KEY}}}`;
    const { config, warnings } = readConfigText(text, 'config.yaml', { environment: {} });
    assert.deepEqual(
      config?.groups.map(({ name }) => name),
      ['n'],
      seed,
    );
    assert.match(warnings[0]?.detail ?? '', /whole number of 64 bits/);
  }
});

test('num_predict takes every whole number that Ollama takes', async () => {
  await using fake = await answering();
  await using gateway = await startGateway([fake]);
  for (const [given, sent] of [
    ['9007199254740995', '9007199254740991'],
    ['1e30', '9007199254740991'],
    ['-9223372036854775808', '-9007199254740991'],
    ['-2', '-2'],
    ['3.7', '3'],
  ] as const)
    for (const [path, rest] of [
      ['/api/generate', '"prompt":"a"'],
      ['/api/chat', '"messages":[{"role":"user","content":"a"}]'],
      ['/v1/chat/completions', '"messages":[{"role":"user","content":"a"}]'],
    ] as const) {
      const response = await post(
        gateway,
        path,
        `{"model":"m","stream":false,${rest},"options":{"num_predict":${given}}}`,
      );
      assert.equal(response.status, 200, await response.text());
      assert.equal(/"num_predict":([^,}]+)/.exec(fake.requests.at(-1)?.body ?? '')?.[1], sent);
    }
});
