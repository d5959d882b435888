import assert from 'node:assert/strict';

import { test } from 'node:test';

import { fails, piece, startFake } from '../../fake-upstream.ts';
import { KEY, startGateway } from '../../running.ts';
import { parseStream } from './events.ts';
import { post } from './client.ts';

/** The error of a response; checks its shape. */
async function errorOf(response: Response, type: string): Promise<string> {
  const body = (await response.json()) as {
    type: string;
    error: { type: string; message: string };
    request_id: string;
  };
  assert.deepEqual(
    [Object.keys(body), body.type, Object.keys(body.error), body.error.type],
    [['type', 'error', 'request_id'], 'error', ['type', 'message'], type],
  );
  assert.match(body.request_id, /^req_/);
  assert.deepEqual(
    [response.headers.get('request-id'), response.headers.get('x-request-id')],
    [body.request_id, body.request_id],
  );
  return body.error.message;
}

test('refusals are in Anthropic’s shape, and say whether to come again', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const wrong = await post(gateway, {}, '/v1/messages', { 'x-api-key': 'sk-wrong-key-0123456789' });
  assert.deepEqual([wrong.status, wrong.headers.get('x-should-retry')], [401, 'false']);
  const beside = await post(gateway, {}, '/v1/messages', {
    'x-api-key': KEY,
    authorization: 'Bearer sk-of-another-service',
  });
  assert.equal(beside.status, 200, 'the key in one header is enough');
  await beside.body?.cancel();
  assert.match(await errorOf(wrong, 'authentication_error'), /^invalid x-api-key: .*\*\*\*6789/);
  assert.match(
    await errorOf(await post(gateway, {}, '/v1/messages', {}), 'authentication_error'),
    /^x-api-key header is required/,
  );
  assert.match(await errorOf(await post(gateway, { model: 'nope' }), 'not_found_error'), /nope/);
  assert.match(
    await errorOf(await post(gateway, { max_tokens: undefined }), 'invalid_request_error'),
    /^max_tokens: Field required$/,
  );
  assert.match(await errorOf(await post(gateway, {}, '/v1/messages/batches'), 'not_found_error'), /batches/);
  const method = await fetch(`${gateway.url}/v1/messages`, { headers: { 'x-api-key': KEY } });
  assert.deepEqual([method.status, method.headers.get('allow')], [405, 'POST, OPTIONS']);
  await errorOf(method, 'invalid_request_error');
  fake.behave(fails(400, 'the input length exceeds the context length'));
  assert.match(await errorOf(await post(gateway), 'invalid_request_error'), /^prompt is too long: /);
  await fake.kill();
  const down = await post(gateway);
  assert.equal(down.status, 529);
  assert.ok(Number(down.headers.get('retry-after')) > 0);
  await errorOf(down, 'overloaded_error');
});

test('a failure in the middle of a stream is an error event, and nothing follows it', async () => {
  await using fake = await startFake((_got, outgoing) => {
    outgoing.end(
      `${piece('one')}${JSON.stringify({ error: 'an error was encountered while running the model: unexpected EOF' })}\n`,
    );
  });
  await using gateway = await startGateway([fake]);
  const response = await post(gateway, { stream: true });
  const events = parseStream(await response.text());
  assert.deepEqual(
    events.map(({ type }) => type),
    ['message_start', 'content_block_start', 'ping', 'content_block_delta', 'error'],
  );
  assert.equal(events.at(-1)?.error?.['type'], 'api_error');
  assert.equal(events.at(-1)?.request_id, response.headers.get('request-id'));
});

test('a parameter without effect is named in a header, and refused under strict', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  assert.equal((await post(gateway, { speed: 'fast' })).headers.get('x-hxllm-ignored-params'), 'speed');
  await using strict = await startGateway([fake], { hxllm: { strict: true } });
  assert.match(await errorOf(await post(strict, { speed: 'fast' }), 'invalid_request_error'), /speed/);
});

test('the models are listed as Anthropic lists them for those who speak its dialect, a page at a time', async () => {
  await using fake = await startFake();
  const model_list = ['a', 'b/c', 'd'].map((model_name) => ({
    model_name,
    litellm_params: { model: 'ollama_chat/m', api_base: fake.url },
  }));
  await using gateway = await startGateway([], { model_list });
  const get = (
    path: string,
    headers: Readonly<Record<string, string>> = { 'anthropic-version': '2023-06-01' },
  ): Promise<Response> => fetch(gateway.url + path, { headers: { 'x-api-key': KEY, ...headers } });
  const first = (await (await get('/v1/models?limit=2')).json()) as { data: { created_at: string }[] };
  assert.partialDeepStrictEqual(first, {
    data: [{ type: 'model', id: 'a', display_name: 'a' }, { id: 'b/c' }],
    has_more: true,
    first_id: 'a',
    last_id: 'b/c',
  });
  assert.ok(Math.abs(Date.parse(first.data[0]?.created_at ?? '') - Date.now()) < 60_000);
  assert.partialDeepStrictEqual(await (await get('/v1/models?after_id=b/c')).json(), {
    data: [{ id: 'd' }],
    has_more: false,
    first_id: 'd',
    last_id: 'd',
  });
  assert.partialDeepStrictEqual(await (await get('/v1/models?before_id=d&limit=1')).json(), {
    data: [{ id: 'b/c' }],
    has_more: true,
  });
  assert.partialDeepStrictEqual(await (await get('/v1/models/b%2Fc')).json(), { type: 'model', id: 'b/c' });
  await errorOf(await get('/v1/models/nope'), 'not_found_error');
  assert.partialDeepStrictEqual(await (await get('/v1/models', {})).json(), {
    object: 'list',
    data: [{ object: 'model' }],
  });
});

test('pages of an allowed origin may send what Anthropic’s SDK sends, and read what it reads', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake], { hxllm: { origins: ['https://page.example'] } });
  const sent = 'anthropic-dangerous-direct-browser-access,anthropic-version,content-type,x-api-key';
  const asked = await fetch(`${gateway.url}/v1/messages`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://page.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': sent,
    },
  });
  assert.equal(asked.headers.get('access-control-allow-headers'), sent);
  const response = await post(gateway, {}, '/v1/messages', { 'x-api-key': KEY, origin: 'https://page.example' });
  const readable = (response.headers.get('access-control-expose-headers') ?? '').split(', ');
  assert.ok(readable.includes('request-id') && readable.includes('x-hxllm-estimated'));
});
