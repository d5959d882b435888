import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { AzureOpenAI } from 'openai';
import { answersShortly, NOWHERE } from './fake-upstream.ts';
import { startLitellm } from './litellm-stage.ts';
import { errorOf, KEY, startGateway } from './running.ts';

const { fake, gateway, stop } = await startLitellm();
after(stop);

const CHAT = { messages: [{ role: 'user', content: 'hi' }] };

function post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return gateway.ask(path, { method: 'POST', body: JSON.stringify(body), headers });
}

test('Azure’s paths and /engines name the model, which counts before the body’s', async () => {
  for (const root of ['/openai/deployments/', '/engines/'])
    for (const [name, alias] of [
      ['chat', 'chat'],
      ['org/name:7b', 'org/name:7b'],
      ['org%2Fname%3A7b', 'org/name:7b'],
      [encodeURIComponent('ü ß'), 'ü ß'],
    ] as const) {
      const at = `${root}${name}`;
      const chat = await post(`${at}/chat/completions?api-version=2024-10-21`, { ...CHAT, model: 'none' });
      assert.partialDeepStrictEqual(await chat.json(), { object: 'chat.completion', model: alias }, at);
    }
  fake.behave((_got, outgoing) => {
    outgoing.end(
      '{"model":"m","response":"hello","done":true,"done_reason":"stop","prompt_eval_count":1,"eval_count":1}\n',
    );
  });
  const completion = await post('/openai/deployments/plain/completions', { prompt: 'hi' });
  assert.partialDeepStrictEqual(await completion.json(), { object: 'text_completion', model: 'plain' });
  fake.behave((_got, outgoing) => {
    outgoing.end('{"model":"m","embeddings":[[0.5,0.25]],"prompt_eval_count":1}');
  });
  const vectors = await post('/engines/vectors/embeddings', { input: 'hi' });
  assert.partialDeepStrictEqual(await vectors.json(), { object: 'list', model: 'vectors' });
});

test('the client of Azure’s SDK is served, whole and streamed', async () => {
  fake.behave(answersShortly('hello'));
  const azure = new AzureOpenAI({ endpoint: gateway.url, apiKey: KEY, apiVersion: '2024-10-21', maxRetries: 0 });
  const messages = [{ role: 'user', content: 'hi' }] as const;
  const whole = await azure.chat.completions.create({ model: 'org/name:7b', messages: [...messages] });
  assert.equal(whole.choices[0]?.message.content, 'hello');
  let text = '';
  for await (const chunk of await azure.chat.completions.create({
    model: 'chat',
    messages: [...messages],
    stream: true,
  }))
    text += chunk.choices[0]?.delta.content ?? '';
  assert.equal(text, 'hello');
});

test('an unknown model of a path is 404; its path takes no GET', async () => {
  const unknown = await post('/openai/deployments/none/chat/completions', { ...CHAT, model: 'chat' });
  assert.equal(unknown.status, 404);
  assert.equal((await errorOf(unknown)).code, 'model_not_found');
  assert.equal((await gateway.ask('/openai/deployments/chat/chat/completions')).status, 405);
});

test('one right key is enough, in any header beside wrong ones', async () => {
  const wrong = {
    authorization: 'Bearer sk-other-service-0000',
    'x-api-key': 'sk-wrong-1',
    'x-litellm-api-key': 'sk-wrong-2',
    'api-key': 'sk-wrong-3',
  };
  const status = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await fetch(`${gateway.url}/v1/models`, { headers })).status;
  assert.equal(await status(wrong), 401);
  for (const name of ['x-api-key', 'x-litellm-api-key', 'api-key']) {
    assert.equal(await status({ [name]: KEY }), 200, name);
    assert.equal(await status({ [name]: `Bearer ${KEY}` }), 200, name);
    assert.equal(await status({ ...wrong, [name]: KEY }), 200, name);
    assert.equal(await status({ [name]: '' }), 401, name);
    assert.equal(await status({ [name]: `${KEY}x` }), 401, name);
  }
  assert.equal(await status({ ...wrong, authorization: `Bearer ${KEY}` }), 200);
});

test('whole answers and streams carry LiteLLM’s headers; the client’s call id comes back', async () => {
  fake.behave((_got, outgoing) => {
    outgoing.end('{"model":"m","message":{"role":"assistant","content":"hello"},"done":true,"done_reason":"stop"}\n');
  });
  for (const stream of [false, true]) {
    const response = await post('/v1/chat/completions', { ...CHAT, model: 'gpt-4o', stream });
    assert.equal(response.status, 200);
    await response.text();
    const header = (name: string): string | null => response.headers.get(`x-litellm-${name}`);
    assert.equal(header('call-id'), response.headers.get('x-request-id'));
    assert.equal(header('response-cost'), '0');
    assert.equal(header('model-group'), 'gpt-4o');
    assert.match(header('model-id') ?? '', /^(?:own-id|[0-9a-f]{64})$/);
    const named = await post(
      '/v1/chat/completions',
      { ...CHAT, model: 'ü ß', stream },
      { 'x-litellm-call-id': 'my-call/1' },
    );
    await named.text();
    assert.equal(named.headers.get('x-litellm-call-id'), 'my-call/1');
    assert.equal(named.headers.get('x-litellm-model-group'), encodeURIComponent('ü ß'));
  }
  const long = await post('/v1/chat/completions', { ...CHAT, model: 'chat' }, { 'x-litellm-call-id': 'x'.repeat(257) });
  assert.equal(long.headers.get('x-litellm-call-id'), long.headers.get('x-request-id'));
});

test('errors carry the id of the call and the price, and no model', async () => {
  const errors = [
    await post('/v1/chat/completions', { ...CHAT, model: 'none' }),
    await post('/v1/chat/completions', { model: 'chat' }),
    await post('/v1/messages', { model: 'none', max_tokens: 1, ...CHAT }),
  ];
  await using broken = await startGateway([{ url: NOWHERE[0] }], { router_settings: { num_retries: 0 } });
  errors.push(await broken.chat());
  for (const response of errors) {
    assert.ok(response.status >= 400);
    assert.equal(response.headers.get('x-litellm-call-id'), response.headers.get('x-request-id'));
    assert.equal(response.headers.get('x-litellm-response-cost'), '0');
    assert.equal(response.headers.get('x-litellm-model-id'), null);
    assert.equal(response.headers.get('x-litellm-model-group'), null);
  }
});

test('the group of an answer by a fallback is the fallback', async () => {
  await using stage = await startGateway([], {
    model_list: [
      { model_name: 'first', litellm_params: { model: 'ollama_chat/m', api_base: NOWHERE[0] } },
      { model_name: 'second', litellm_params: { model: 'ollama_chat/m', api_base: fake.url } },
    ],
    router_settings: { fallbacks: [{ first: ['second'] }], num_retries: 0 },
  });
  const response = await stage.chat({ model: 'first' });
  assert.equal(response.headers.get('x-litellm-model-group'), 'second');
});

test('a page of an allowed origin may send LiteLLM’s headers, and read them', async () => {
  await using stage = await startGateway([fake], { hxllm: { origins: ['https://page.example'] } });
  const sent = 'x-litellm-api-key,api-key,x-litellm-call-id';
  const headers = { origin: 'https://page.example', 'access-control-request-headers': sent };
  const asked = await fetch(`${stage.url}/v1/chat/completions`, { method: 'OPTIONS', headers });
  assert.equal(asked.headers.get('access-control-allow-headers'), sent);
  const reply = await stage.chat({}, { headers: { origin: 'https://page.example' } });
  const readable = (reply.headers.get('access-control-expose-headers') ?? '').split(', ');
  for (const name of ['call-id', 'model-id', 'model-group', 'response-cost'])
    assert.ok(readable.includes(`x-litellm-${name}`), name);
});
