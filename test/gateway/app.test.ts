import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ENDPOINTS } from '../../src/gateway/api/endpoints.ts';
import { NOWHERE } from './fake-upstream.ts';
import { errorOf, KEY, startGateway, textOf, until } from './running.ts';
import { startApp } from './app-stage.ts';

const { fake, gateway, stop } = await startApp();
after(stop);

test('a chat gets a whole response, with a header that names its backend', async () => {
  const response = await gateway.chat({ temperature: 0, logit_bias: { 1: 2 } });
  assert.equal(response.status, 200);
  assert.deepEqual(
    ['content-type', 'x-hxllm-backend', 'x-hxllm-route', 'x-hxllm-ignored-params'].map((name) =>
      response.headers.get(name),
    ),
    ['application/json', `${fake.url}/`, 'resident, 1 of 1 slot, prefix 0 of 1 token', 'logit_bias'],
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

test('the server gets its own name of the model, and no headers of the client', async () => {
  await gateway.chat({}, { headers: { origin: 'https://evil.example', cookie: 'a=b', 'x-forwarded-for': '1.2.3.4' } });
  const got = fake.requests.at(-1);
  assert.equal(got?.path, '/api/chat');
  assert.deepEqual(Object.keys(got.headers).toSorted(), ['connection', 'content-length', 'content-type', 'host']);
  assert.partialDeepStrictEqual(JSON.parse(got.body), { model: 'm', stream: true });
});

test('every path also works without /v1; an alias of a group is the group', async () => {
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
  assert.equal((await gateway.ask('/models/m')).status, 200);
  const paths = ENDPOINTS.flatMap((endpoint) => endpoint.paths).filter((path) => path.startsWith('/v1/'));
  assert.ok(paths.length >= 7);
  for (const path of paths)
    for (const at of [path, path.slice('/v1'.length)])
      assert.equal((await gateway.ask(at, { method: 'POST', body: '{}' })).status, 400, `${at}: the body is at fault`);
});

test('models are listed from memory, with every field that the API requires', async () => {
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

test('a model is found by its id, with slashes, colons and other characters, encoded or not', async () => {
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

test('without a key or with a wrong one, only health paths and the greeting are served', async () => {
  const posts = [...ENDPOINTS.flatMap((endpoint) => endpoint.paths), '/api/show', '/api/pull'];
  const gets = `/health /health/services /metrics /v1/models /models/m /v1/model/info /model/info /model_group/info
    /api/tags /api/ps /api/version`.split(/\s+/);
  for (const path of posts) {
    const response = await fetch(gateway.url + path.replace(':model{.+}', 'm'), { method: 'POST', body: '{}' });
    assert.equal(response.status, 401, path);
  }
  for (const path of gets) assert.equal((await fetch(gateway.url + path)).status, 401, path);
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

test('/health needs the key, and describes every deployment and backend without a request to them', async () => {
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
  // The other backend then has no known state.
  await until('the backend has listed its memory', isListed);
  const asked = fake.requests.length;
  assert.partialDeepStrictEqual(
    await (await own.ask('/health')).json(),
    { healthy_count: 3, unhealthy_count: 0 },
    'nothing is known against any',
  );
  for (let turn = 0; turn < 2; turn += 1) await (await own.chat({ model: 'b' })).text();
  await until('the backend has listed its memory again', isListed);
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
