import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { errorOf, startGateway, until } from './running.ts';
import { startApp } from './app-stage.ts';

const { fake, gateway, stop } = await startApp();
after(stop);

test('an unknown path, a wrong method, an unknown model and an invalid body each have their own error', async () => {
  const rows: readonly (readonly [
    path: string,
    init: RequestInit & { headers?: Record<string, string> },
    status: number,
    error: object,
    allow?: string,
  ])[] = [
    ['/v1/nope', {}, 404, { code: null, message: 'Invalid URL (GET /v1/nope)' }],
    ['/v1/chat/completions/x', { method: 'POST' }, 404, { code: null }],
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

test('HEAD is GET without a body; OPTIONS lists the allowed methods and no other origins', async () => {
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

test("a client's request id is returned and logged beside the gateway's, unless it is invalid", async () => {
  for (const [given, returned] of [
    ['abc-1', 'abc-1'],
    ['a'.repeat(128), 'a'.repeat(128)],
    ['a'.repeat(129), undefined],
    ['two words', undefined],
    ['\u00e9', undefined],
  ] as const) {
    const response = await gateway.ask('/v1/models', { headers: { 'x-client-request-id': given } });
    await response.text();
    assert.equal(response.headers.get('x-client-request-id') ?? undefined, returned, given);
    const id = response.headers.get('x-request-id');
    assert.match(id ?? '', /^req_[0-9a-f]{32}$/);
    const line = (): Readonly<Record<string, unknown>> | undefined =>
      gateway.ended().find(({ request }) => request === id);
    await until('the request is logged', () => line() !== undefined);
    assert.equal(line()?.['client_request'], returned, given);
    assert.equal(line()?.['path'], '/v1/models');
  }
});

test('each request writes one log line, with counts and times, and without content and keys', async () => {
  assert.equal(
    (await gateway.chat({}, { headers: { authorization: 'Bearer sk-of-secret-length-and-more' } })).status,
    401,
  );
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

test('names of ignored parameters are made valid for a header', async () => {
  const odd = Object.fromEntries(
    ['a\r\nx-evil: 1', 'ü', ...Array.from({ length: 30 }, (_, index) => `p${String(index)}`)].map((name) => [name, 1]),
  );
  const response = await gateway.chat(odd);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('x-hxllm-ignored-params') ?? '', /^a\?\?x-evil\?\?1, \?, p0, .*, \.\.\.$/);
  assert.equal(response.headers.get('x-evil'), null);
});

test('JSON that is nested too deeply is rejected, and the gateway keeps running', async () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"a":${deep}}}}]}`;
  const response = await gateway.ask('/v1/chat/completions', { method: 'POST', body });
  assert.equal(response.status, 400);
  await errorOf(response);
  assert.equal(gateway.service().scheduler.inFlight, 0);
});

test('a page of an allowed origin may send requests and read responses and errors; other origins may not', async () => {
  const origin = 'https://chat.example';
  const model_list = [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } }];
  await using open = await startGateway([], { model_list, hxllm: { origins: [origin, 'http://localhost:3000'] } });
  const preflight = await fetch(`${open.url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-helper',
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
  assert.equal(preflight.headers.get('access-control-allow-headers'), 'authorization,content-type,x-stainless-helper');
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
    assert.match(reply.headers.get('access-control-expose-headers') ?? '', /x-hxllm-truncated, x-hxllm-context/);
  }
  for (const other of ['https://evil.example', 'null', 'https://chat.example.evil.example'])
    assert.equal(
      (await open.ask('/v1/models', { headers: { origin: other } })).headers.get('access-control-allow-origin'),
      null,
    );
});
