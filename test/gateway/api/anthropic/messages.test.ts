import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startSim } from '../../../../src/sim/server.ts';
import { fails, piece, startFake } from '../../fake-upstream.ts';
import { KEY, startGateway, until, type Running } from '../../running.ts';
import { messageOf, parseTold } from './events.ts';

const ASKED = { model: 'm', max_tokens: 50, messages: [{ role: 'user', content: 'Repeat after me: one two three' }] };

function post(
  gateway: Running,
  more: object = {},
  path = '/v1/messages',
  headers: Readonly<Record<string, string>> = { 'x-api-key': KEY, 'anthropic-version': '2023-06-01' },
): Promise<Response> {
  return fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify({ ...ASKED, ...more }) });
}

/** The error of a reply, after looking at its shape. */
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

test('a message is answered whole or as a stream, by either kind of key, also where the server speaks OpenAI', async (t) => {
  const sim = await startSim({ models: ['m'], loadMs: 1, tokenMs: 0 });
  t.after(() => sim.close());
  const entry = (model: string, api_base: string): object => ({
    model_name: model.split('/', 1)[0] === 'openai' ? 'o' : 'm',
    litellm_params: { model, api_base },
  });
  await using gateway = await startGateway([], {
    model_list: [entry('ollama_chat/m', sim.url), entry('openai/m', `${sim.url}/v1`)],
  });
  for (const model of ['m', 'o']) {
    const response = await post(gateway, { model });
    const message = (await response.json()) as {
      content: object[];
      usage: Record<string, number>;
      model: string;
      id: string;
    };
    assert.equal(response.headers.get('request-id'), response.headers.get('x-request-id'));
    assert.match(message.id, /^msg_[0-9a-f]{32}$/);
    assert.partialDeepStrictEqual(message, {
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text: 'one two three', citations: null }],
      stop_reason: 'end_turn',
      stop_sequence: null,
    });
    assert.ok((message.usage['input_tokens'] ?? 0) > 5 && (message.usage['output_tokens'] ?? 0) > 1);
    const streaming = await post(gateway, { model, stream: true }, '/v1/messages?beta=true', {
      authorization: `Bearer ${KEY}`,
    });
    assert.match(streaming.headers.get('content-type') ?? '', /^text\/event-stream/);
    assert.equal(streaming.headers.get('request-id'), streaming.headers.get('x-request-id'));
    const told = messageOf(parseTold(await streaming.text()));
    assert.deepEqual([told.content, told.usage['input_tokens']], [message.content, message.usage['input_tokens']]);
  }
});

test('the stop sequence that came is named, and servers are not told to stop at it; their counts, which do not come then, are told as likely', async (t) => {
  const sim = await startSim({ models: ['m'], loadMs: 1, tokenMs: 0 });
  t.after(() => sim.close());
  await using gateway = await startGateway([], {
    model_list: [
      { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: sim.url } },
      { model_name: 'o', litellm_params: { model: 'openai/m', api_base: `${sim.url}/v1` } },
    ],
  });
  for (const model of ['m', 'o']) {
    const counts = ((await (await post(gateway, { model })).json()) as { usage: { input_tokens: number } }).usage;
    const response = await post(gateway, { model, stop_sequences: ['zzz', ' two'] });
    const message = (await response.json()) as {
      content: { text: string }[];
      stop_reason: string;
      stop_sequence: string;
      usage: { input_tokens: number };
    };
    assert.deepEqual(
      [message.content[0]?.text, message.stop_reason, message.stop_sequence],
      ['one', 'stop_sequence', ' two'],
    );
    assert.equal(response.headers.get('x-hxllm-estimated'), 'true');
    assert.ok(Math.abs(message.usage.input_tokens - counts.input_tokens) <= 2, JSON.stringify([message.usage, counts]));
    const streamed = messageOf(
      parseTold(await (await post(gateway, { model, stream: true, stop_sequences: ['three'] })).text()),
    );
    assert.partialDeepStrictEqual(streamed.stop, { stop_reason: 'stop_sequence', stop_sequence: 'three' });
  }
  await until('nothing is in flight', () => sim.activity().busy === 0);
});

test('tools are called and thoughts are thought, in blocks of their own', async (t) => {
  const sim = await startSim({
    models: [{ name: 'm', capabilities: ['completion', 'tools', 'thinking'] }],
    loadMs: 1,
    tokenMs: 0,
  });
  t.after(() => sim.close());
  await using gateway = await startGateway([sim]);
  const tools = [
    {
      name: 'get_weather',
      input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  ];
  const messages = [{ role: 'user', content: 'What is the weather?' }];
  const thinking = { type: 'enabled', budget_tokens: 1024 };
  const response = await post(gateway, { tools, messages, thinking, stream: true });
  const { content, stop } = messageOf(parseTold(await response.text()));
  assert.deepEqual([content.map(({ type }) => type), stop['stop_reason']], [['thinking', 'tool_use'], 'tool_use']);
  assert.equal(response.headers.get('x-hxllm-ignored-params'), 'thinking.budget_tokens');
  const [, used] = content;
  assert.match(String(used?.['id']), /^toolu_/);
  assert.match(JSON.stringify(used?.['input']), /^\{"city":"/);
  // What came goes back as it is.
  const answered = await post(gateway, {
    tools,
    thinking,
    messages: [
      ...messages,
      { role: 'assistant', content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: used?.['id'], content: 'sunny' }] },
    ],
  });
  assert.equal(answered.status, 200, await answered.clone().text());
  const forced = (await (await post(gateway, { tools, tool_choice: { type: 'any' }, max_tokens: 200 })).json()) as {
    content: { type: string }[];
  };
  assert.deepEqual(
    forced.content.map(({ type }) => type),
    ['tool_use'],
  );
});

test('what Claude Code sends is answered', async (t) => {
  const sim = await startSim({
    models: [{ name: 'm', capabilities: ['completion', 'tools', 'thinking'], numCtx: 32_768 }],
    loadMs: 1,
    tokenMs: 0,
  });
  t.after(() => sim.close());
  await using gateway = await startGateway([sim]);
  const { path, headers, body } = JSON.parse(
    readFileSync(new URL('fixtures/claude-code.json', import.meta.url), 'utf8'),
  ) as { path: string; headers: Record<string, string>; body: object };
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { ...headers, 'x-api-key': KEY },
    body: JSON.stringify(body),
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('x-hxllm-ignored-params'), null);
  const { content, stop, usage } = messageOf(parseTold(await response.text()));
  assert.deepEqual(
    [content.map(({ type }) => type), stop['stop_reason'], Number(usage['input_tokens']) > 100],
    [['thinking', 'text'], 'end_turn', true],
  );
});

test('refusals are in Anthropic’s shape, and say whether to come again', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const wrong = await post(gateway, {}, '/v1/messages', { 'x-api-key': 'sk-wrong-key-0123456789' });
  assert.deepEqual([wrong.status, wrong.headers.get('x-should-retry')], [401, 'false']);
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
  const events = parseTold(await response.text());
  assert.deepEqual(
    events.map(({ type }) => type),
    ['message_start', 'content_block_start', 'ping', 'content_block_delta', 'error'],
  );
  assert.equal(events.at(-1)?.error?.['type'], 'api_error');
  assert.equal(events.at(-1)?.request_id, response.headers.get('request-id'));
});

test('what nobody honours is named in a header, and refused where the operator is strict', async () => {
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
  const asked = await fetch(`${gateway.url}/v1/messages`, {
    method: 'OPTIONS',
    headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' },
  });
  const allowed = (asked.headers.get('access-control-allow-headers') ?? '').split(', ');
  for (const name of ['x-api-key', 'anthropic-version', 'anthropic-beta', 'anthropic-dangerous-direct-browser-access'])
    assert.ok(allowed.includes(name), name);
  const response = await post(gateway, {}, '/v1/messages', { 'x-api-key': KEY, origin: 'https://page.example' });
  const readable = (response.headers.get('access-control-expose-headers') ?? '').split(', ');
  assert.ok(readable.includes('request-id') && readable.includes('x-hxllm-estimated'));
});
