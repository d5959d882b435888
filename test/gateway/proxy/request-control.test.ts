import assert from 'node:assert/strict';
import { after, afterEach, test } from 'node:test';
import { DIES, startFailing } from '../failing-stage.ts';
import { answersShortly, fails, startFake } from '../fake-upstream.ts';
import { startGateway, textOf } from '../running.ts';

const { fake, broken, gateway, reset, stop } = await startFailing();
after(stop);
afterEach(reset);

test('the request’s fallbacks serve it, in every form that LiteLLM takes, without unknown names', async () => {
  for (const fallbacks of [
    ['m'],
    ['none', 'm'],
    [{ bad: ['m'] }],
    [{ '*': ['m'] }],
    [{ model: 'm' }],
    ['bad', 'bad', 'm'],
  ]) {
    const response = await gateway.chat({ model: 'bad', fallbacks });
    assert.equal(response.status, 200, JSON.stringify(fallbacks));
    assert.equal(response.headers.get('x-litellm-model-group'), 'm');
    assert.match(response.headers.get('x-hxllm-route') ?? '', /^fallback\//);
  }
  for (const fallbacks of [[], ['none'], [{ other: ['m'] }]])
    assert.equal((await gateway.chat({ model: 'bad', fallbacks })).status, 502, JSON.stringify(fallbacks));
  const pinned = await gateway.chat({ model: 'bad', fallbacks: ['m'] }, { headers: { 'x-hxllm-backend': broken.url } });
  assert.equal(pinned.status, 502);
});

test('disable_fallbacks keeps the request with its own model', async () => {
  assert.equal((await gateway.chat({ model: 'bad' })).status, 503, 'its fallback is down');
  const response = await gateway.chat({ model: 'bad', disable_fallbacks: true });
  assert.equal(response.status, 502);
  assert.equal((await gateway.chat({ model: 'bad', fallbacks: ['m'], disable_fallbacks: true })).status, 502);
});

test('a prompt that is too long goes to context_window_fallbacks of the request', async () => {
  broken.behave(fails(400, 'the input length exceeds the context length'));
  const response = await gateway.chat({
    model: 'bad',
    fallbacks: ['worse'],
    context_window_fallbacks: [{ bad: ['m'] }],
  });
  assert.equal(response.headers.get('x-litellm-model-group'), 'm');
});

test('num_retries of the request counts before the configuration’s', async () => {
  await using second = await startFake(answersShortly('second'));
  await using first = await startFake(DIES);
  await using pair = await startGateway([], {
    model_list: [first, second].map(({ url }, order) => ({
      model_name: 'm',
      litellm_params: { model: 'ollama_chat/m', api_base: url, order },
    })),
    router_settings: { num_retries: 0, allowed_fails: 1000 },
  });
  assert.equal((await pair.chat()).status, 502);
  assert.equal(await textOf(await pair.chat({ num_retries: 1 })), 'second');
  assert.equal(await textOf(await pair.chat({ max_retries: 1 })), 'second');
});

test('timeout of the request ends it with 504, and counts against no deployment', async () => {
  fake.behave(() => {});
  for (const stream of [false, true]) {
    const response = await gateway.chat({ model: 'twin', timeout: 0.05, stream });
    assert.equal(response.status, 504);
  }
  const { fleet } = gateway.service().scheduler;
  const state = [...fleet.deployments.values()].find(({ id }) => id.startsWith('twin@'));
  assert.equal(state?.failures, 0);
});

test('the parameters count in every dialect', async () => {
  const post = (path: string, body: object): Promise<Response> =>
    gateway.ask(path, { method: 'POST', body: JSON.stringify({ model: 'bad', fallbacks: ['m'], ...body }) });
  for (const [path, body] of [
    ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] }],
    ['/v1/responses', { input: 'hi' }],
  ] as const) {
    const response = await post(path, body);
    assert.equal(response.status, 200, path);
    assert.equal(response.headers.get('x-litellm-model-group'), 'm');
    assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
    const mock = await post(path, { ...body, mock_response: 'a mock' });
    assert.ok((await mock.text()).includes('a mock'), path);
    assert.ok((await post(path, { ...body, num_retries: 'x' })).status === 400, path);
  }
});
