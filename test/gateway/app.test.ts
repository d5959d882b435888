import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { NOWHERE, startFake, type FakeUpstream } from './fake-upstream.ts';
import { errorOf, KEY, startGateway, textOf, until, type Running } from './running.ts';

let fake: FakeUpstream;
let gateway: Running;

before(async () => {
  fake = await startFake();
  const entry = (model_name: string): object => ({
    model_name,
    litellm_params: { model: 'ollama_chat/m', api_base: `${fake.url}/` },
  });
  gateway = await startGateway([], {
    model_list: ['m', 'org/name:7b', 'ü ß'].map(entry),
    router_settings: { model_group_alias: { other: 'm' } },
  });
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await fake.kill();
});

test('a chat is answered in one piece, and the reply says who served it', async () => {
  const response = await gateway.chat({ temperature: 0, logit_bias: {} });
  assert.equal(response.status, 200);
  assert.deepEqual(
    ['content-type', 'x-hxllm-backend', 'x-hxllm-route', 'x-hxllm-ignored-params'].map((name) =>
      response.headers.get(name),
    ),
    ['application/json', `${fake.url}/`, 'only-one', 'logit_bias'],
  );
  assert.match(response.headers.get('x-request-id') ?? '', /^req_/);
  const body = (await response.json()) as object;
  assert.partialDeepStrictEqual(body, {
    object: 'chat.completion',
    model: 'm',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'hello', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  });
});

test('a chat is streamed as server-sent events', async () => {
  const response = await gateway.chat({ stream: true });
  assert.deepEqual(
    ['content-type', 'cache-control', 'x-accel-buffering', 'content-length'].map((name) => response.headers.get(name)),
    ['text/event-stream; charset=utf-8', 'no-cache', 'no', null],
  );
  const text = await response.text();
  assert.equal(text.match(/^data: /gm)?.length, 4);
  assert.ok(text.endsWith('data: [DONE]\n\n'));
});

test('what goes to the server is the model as it is called there, and nothing of the client', async () => {
  await gateway.chat({}, { headers: { origin: 'https://evil.example', cookie: 'a=b', 'x-forwarded-for': '1.2.3.4' } });
  const got = fake.requests.at(-1);
  assert.equal(got?.path, '/api/chat');
  assert.deepEqual(Object.keys(got.headers).toSorted(), ['connection', 'content-length', 'content-type', 'host']);
  assert.partialDeepStrictEqual(JSON.parse(got.body), { model: 'm', stream: true });
});

test('the paths serve without /v1 too, and an alias of a group is the group', async () => {
  assert.equal(
    await textOf(
      await gateway.ask('/chat/completions', {
        method: 'POST',
        body: JSON.stringify({ model: 'other', messages: [{ role: 'user', content: 'hi' }] }),
      }),
    ),
    'hello',
  );
  assert.equal((await gateway.ask('/models')).status, 200);
});

test('models are listed from memory, with all that the API requires', async () => {
  const { object, data } = (await (await gateway.ask('/v1/models')).json()) as {
    object: string;
    data: Record<string, unknown>[];
  };
  assert.equal(object, 'list');
  assert.deepEqual(
    data.map(({ id }) => id),
    ['m', 'org/name:7b', 'ü ß', 'other'],
  );
  for (const model of data)
    assert.deepEqual(
      [Object.keys(model), model['object'], typeof model['created']],
      [['id', 'object', 'created', 'owned_by'], 'model', 'number'],
    );
});

test('a model is found by its id, with slashes, colons and other signs, encoded or not', async () => {
  for (const [path, id] of [
    ['org/name:7b', 'org/name:7b'],
    ['org%2Fname%3A7b', 'org/name:7b'],
    ['org/name%3a7b?x=1', 'org/name:7b'],
    [encodeURIComponent('ü ß'), 'ü ß'],
  ]) {
    assert.partialDeepStrictEqual(
      await (await gateway.ask(`/v1/models/${path ?? ''}`)).json(),
      { id, object: 'model' },
      path,
    );
  }
  const missing = await gateway.ask('/v1/models/gpt-4');
  assert.equal(missing.status, 404);
  assert.deepEqual(await errorOf(missing), {
    message: 'The model `gpt-4` does not exist or you do not have access to it.',
    type: 'invalid_request_error',
    param: null,
    code: 'model_not_found',
  });
});

test('without a key, and with a wrong one, nothing but health is answered', async () => {
  const none = await fetch(`${gateway.url}/v1/models`);
  assert.equal(none.status, 401);
  assert.partialDeepStrictEqual(await errorOf(none), { type: 'invalid_request_error', code: null });
  for (const authorization of ['Bearer sk-wrong-key-of-some-length', `Bearer ${KEY}x`, `Bearer ${KEY.slice(0, -1)}`]) {
    const wrong = await gateway.chat({}, { headers: { authorization } });
    const error = await errorOf(wrong);
    assert.deepEqual(
      [wrong.status, error.code, error.message.includes(authorization.slice(7))],
      [401, 'invalid_api_key', false],
    );
  }
  for (const authorization of [KEY, `Basic ${KEY}`, 'Bearer', 'Bearer a b'])
    assert.equal((await gateway.chat({}, { headers: { authorization } })).status, 401, authorization);
  for (const authorization of [`bearer ${KEY}`, `BEARER  ${KEY}`])
    assert.equal((await gateway.chat({}, { headers: { authorization } })).status, 200, authorization);
});

test('health is open, and says nothing about the fleet', async () => {
  for (const [path, body] of [
    ['/health/liveliness', "I'm alive!"],
    ['/health/liveness', "I'm alive!"],
    ['/health/readiness', { status: 'healthy' }],
  ] as const) {
    const response = await fetch(`${gateway.url}${path}`);
    assert.deepEqual([response.status, await response.json()], [200, body]);
  }
});

test('health of the fleet takes the key, and tells of every deployment and server without asking them', async () => {
  const dead = { url: NOWHERE[0] };
  const entry = (model_name: string, api_base: string): object => ({
    model_name,
    litellm_params: { model: 'ollama_chat/x', api_base },
  });
  await using own = await startGateway([], {
    model_list: [entry('a', `${fake.url}/`), entry('b', fake.url), entry('b', dead.url)],
  });
  assert.equal((await fetch(`${own.url}/health`)).status, 401);
  const isListed = (): boolean => own.service().scheduler.fleet.backends.get(fake.url)?.listed !== undefined;
  // So that the other is the one of which nothing is known.
  await until('it is known what is in memory', isListed);
  const asked = fake.requests.length;
  assert.partialDeepStrictEqual(
    await (await own.ask('/health')).json(),
    { healthy_count: 3, unhealthy_count: 0 },
    'nothing is known against any',
  );
  for (let turn = 0; turn < 2; turn += 1) await (await own.chat({ model: 'b' })).text();
  await until('it is known again', isListed);
  const { backends, ...endpoints } = (await (await own.ask('/health')).json()) as {
    backends: Record<string, unknown>[];
  };
  assert.deepEqual(endpoints, {
    healthy_endpoints: [
      { model_name: 'a', model: 'x', api_base: `${fake.url}/` },
      { model_name: 'b', model: 'x', api_base: fake.url },
    ],
    unhealthy_endpoints: [{ model_name: 'b', model: 'x', api_base: dead.url, error: 'the server cannot be reached' }],
    healthy_count: 2,
    unhealthy_count: 1,
  });
  assert.partialDeepStrictEqual(backends[0], {
    backend: fake.url,
    circuit: 'closed',
    in_flight: 0,
    resident: ['m:latest'],
    slots: { x: { taken: 0 } },
  });
  assert.partialDeepStrictEqual(backends[1], { backend: dead.url, circuit: 'open', in_flight: 0 });
  assert.ok(Math.abs(Date.parse(String(backends[1]?.['down_since'])) - Date.now()) < 30_000);
  assert.equal(fake.requests.length, asked + 2);
});

test('an unknown path, a wrong method, an unknown model, a bad body each have their error', async () => {
  const rows: readonly (readonly [
    path: string,
    init: RequestInit & { headers?: Record<string, string> },
    status: number,
    error: object,
    allow?: string,
  ])[] = [
    ['/v1/nope', {}, 404, { code: null, message: 'Invalid URL (GET /v1/nope)' }],
    ['/v1/chat/completions/', { method: 'POST' }, 404, { code: null }],
    ['/nope', {}, 404, { message: 'Invalid URL (GET /nope)' }],
    [
      '/v1/models',
      { method: 'POST' },
      405,
      {
        code: null,
        message: 'Not allowed to POST on /v1/models. (HINT: Perhaps you meant to use a different HTTP method?)',
      },
      'GET, HEAD, OPTIONS',
    ],
    ['/v1/models/m', { method: 'DELETE' }, 405, { code: null }, 'GET, HEAD, OPTIONS'],
    ['/v1/chat/completions', {}, 405, { code: null }, 'POST, OPTIONS'],
    ['/embeddings', { method: 'PUT' }, 405, { code: null }, 'POST, OPTIONS'],
    ['/health/liveliness', { method: 'POST' }, 405, { code: null }, 'GET, HEAD, OPTIONS'],
    [
      '/v1/chat/completions',
      { method: 'POST', body: '{"model":"gpt-4","messages":[{"role":"user","content":"x"}]}' },
      404,
      { code: 'model_not_found', param: null },
    ],
    ['/v1/chat/completions', { method: 'POST', body: '{"model":' }, 400, { code: null, param: null }],
    ['/v1/chat/completions', { method: 'POST', body: '' }, 400, { param: null }],
    ['/v1/chat/completions', { method: 'POST', body: '[]' }, 400, { param: null }],
    ['/v1/chat/completions', { method: 'POST', body: '{"messages":[]}' }, 400, { param: 'model' }],
    ['/v1/embeddings', { method: 'POST', body: '{"model":"m"}' }, 400, { param: 'input' }],
    ['/v1/embeddings', { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip' } }, 400, { param: null }],
  ];
  for (const [path, init, status, error, allow] of rows) {
    const response = await gateway.ask(path, init);
    assert.deepEqual(
      [response.status, response.headers.get('allow')],
      [status, allow ?? null],
      `${init.method ?? 'GET'} ${path}`,
    );
    assert.partialDeepStrictEqual(await errorOf(response), { type: 'invalid_request_error', ...error });
  }
});

test('HEAD is a GET without a body, and OPTIONS says what is allowed and nothing about other origins', async () => {
  const head = await gateway.ask('/v1/models', { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-type'), await head.text()], [200, 'application/json', '']);
  for (const [path, headers] of [
    ['/v1/models', {}],
    ['/v1/models/m', {}],
    ['/v1/models', { authorization: 'x' }],
    ['/health/liveliness', {}],
  ] as const) {
    const [get, bare] = await Promise.all([
      gateway.ask(path, { headers }),
      gateway.ask(path, { method: 'HEAD', headers }),
    ]);
    assert.deepEqual(
      [bare.status, bare.headers.get('content-length'), await bare.text()],
      [get.status, String(Buffer.byteLength(await get.text())), ''],
      path,
    );
  }
  assert.equal((await fetch(`${gateway.url}/v1/models`, { method: 'HEAD' })).status, 401);
  const options = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: { origin: 'https://a.example', 'access-control-request-method': 'POST' },
  });
  assert.deepEqual(
    [options.status, options.headers.get('allow'), options.headers.get('access-control-allow-origin')],
    [204, 'POST, OPTIONS', null],
  );
});

test("a client's own id is given back and logged beside ours, unless it is unfit", async () => {
  const good = await gateway.ask('/v1/models', { headers: { 'x-client-request-id': 'abc-1' } });
  assert.equal(good.headers.get('x-client-request-id'), 'abc-1');
  const bad = await gateway.ask('/v1/models', { headers: { 'x-client-request-id': 'a'.repeat(200) } });
  assert.equal(bad.headers.get('x-client-request-id'), null);
});

test('a request leaves one line in the log, with its counts and times and never its content', async () => {
  const before_ = gateway.ended().length;
  const response = await gateway.chat({ messages: [{ role: 'user', content: 'the secret of the king' }] });
  await response.text();
  await gateway.ask('/v1/nope?token=secret');
  await fetch(`${gateway.url}/health/liveliness`);
  const lines = gateway.ended().slice(before_);
  assert.equal(lines.length, 2);
  assert.partialDeepStrictEqual(lines[0], {
    event: 'request',
    request: response.headers.get('x-request-id'),
    caller: 'master',
    method: 'POST',
    path: '/v1/chat/completions',
    status: 200,
    alias: 'm',
    model: 'm',
    backend: `${fake.url}/`,
    reason: 'only-one',
    stream: false,
    attempts: 1,
    prompt_tokens: 5,
    completion_tokens: 2,
    ended: 'answered',
  });
  assert.partialDeepStrictEqual(lines[1], { path: '/v1/nope', status: 404, ended: 'refused' });
  assert.doesNotMatch(JSON.stringify(gateway.log), /secret|hello|0123456789abcdef/);
});

test('names of ignored parameters are fit for a header, whatever a client calls them', async () => {
  const odd = Object.fromEntries(
    ['a\r\nx-evil: 1', 'ü', ...Array.from({ length: 30 }, (_, index) => `p${String(index)}`)].map((name) => [name, 1]),
  );
  const response = await gateway.chat(odd);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('x-hxllm-ignored-params') ?? '', /^a\?\?x-evil\?\?1, \?, p0, .*, \.\.\.$/);
  assert.equal(response.headers.get('x-evil'), null);
});

test('JSON nested beyond all measure is refused, and the gateway lives on', async () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":${deep}}}}]}`;
  const response = await gateway.ask('/v1/chat/completions', { method: 'POST', body });
  assert.equal(response.status, 400);
  await errorOf(response);
  assert.equal(gateway.service().scheduler.inFlight, 0);
});

test('a page of an allowed origin may ask, and read replies and refusals; no other may', async () => {
  const origin = 'https://chat.example';
  const model_list = [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }];
  await using open = await startGateway([], { model_list, hxllm: { origins: [origin, 'http://localhost:3000'] } });
  const preflight = await fetch(`${open.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-stainless-os',
    },
  });
  assert.deepEqual(
    [
      preflight.status,
      preflight.headers.get('access-control-allow-origin'),
      preflight.headers.get('vary'),
      preflight.headers.get('access-control-allow-credentials'),
    ],
    [204, origin, 'Origin', null],
  );
  for (const name of ['authorization', 'content-type', 'openai-beta', 'x-stainless-os', 'x-stainless-runtime-version'])
    assert.ok(preflight.headers.get('access-control-allow-headers')?.split(', ').includes(name), name);
  const replies = [
    await open.chat({}, { headers: { origin } }),
    await open.chat({ stream: true }, { headers: { origin } }),
    await open.chat({ temperature: 9 }, { headers: { origin } }),
    await open.ask('/v1/models', { headers: { origin } }),
    await open.ask('/v1/nope', { headers: { origin } }),
    await fetch(`${open.url}/v1/models`, { headers: { origin } }),
  ];
  assert.deepEqual(
    replies.map(({ status }) => status),
    [200, 200, 400, 200, 404, 401],
  );
  for (const reply of replies) {
    assert.deepEqual([reply.headers.get('access-control-allow-origin'), reply.headers.get('vary')], [origin, 'Origin']);
    assert.match(reply.headers.get('access-control-expose-headers') ?? '', /x-request-id, .*retry-after/);
  }
  for (const other of ['https://evil.example', 'null', 'https://chat.example.evil.example'])
    assert.equal(
      (await open.ask('/v1/models', { headers: { origin: other } })).headers.get('access-control-allow-origin'),
      null,
    );
});
