import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, startFake, type Behaviour, type FakeUpstream } from '../fake-upstream.ts';
import { startGateway, type Running } from '../running.ts';

type Json = Readonly<Record<string, unknown>>;

const [ONE, TWO] = ['b25l', 'dHdv'];
const urlOf = (data: string): string => `data:image/png;base64,${data}`;

/** The native server of a model that sees, or does not. */
function shows(...capabilities: readonly string[]): Behaviour {
  return ({ path, body }, outgoing) => {
    if (path === '/api/show') outgoing.end(JSON.stringify({ capabilities: ['completion', ...capabilities] }));
    else if (path === '/chat/completions' && body.includes('"stream":true'))
      outgoing.end(
        'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
      );
    else if (path === '/chat/completions')
      outgoing.end('{"choices":[{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}]}');
    else if (path === '/api/generate') outgoing.end('{"response":"a","done":true,"done_reason":"stop"}\n');
    else outgoing.end(piece('a') + DONE);
  };
}

async function post(gateway: Running, path: string, body: Json): Promise<void> {
  const response = await gateway.ask(path, {
    method: 'POST',
    headers: { 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({ model: 'm', stream: false, ...body }),
  });
  assert.equal(response.status, 200, await response.text());
}

function lastBody(fake: FakeUpstream): Json {
  return JSON.parse(fake.requests.findLast(({ path }) => path !== '/api/show')?.body ?? '{}') as Json;
}

// The same user turn in each dialect: text, image, text, image, text.
const CHAT_PARTS = [
  { type: 'text', text: 'Before:' },
  { type: 'image_url', image_url: { url: urlOf(ONE) } },
  { type: 'text', text: 'After:' },
  { type: 'image_url', image_url: urlOf(TWO) },
  { type: 'text', text: 'What changed?' },
];
const RESPONSES_PARTS = [
  { type: 'input_text', text: 'Before:' },
  { type: 'input_image', image_url: urlOf(ONE) },
  { type: 'input_text', text: 'After:' },
  { type: 'input_image', image_url: urlOf(TWO) },
  { type: 'input_text', text: 'What changed?' },
];
const image = (data: string): Json => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } });
const BLOCKS = [
  { type: 'text', text: 'Before:' },
  image(ONE),
  { type: 'text', text: 'After:' },
  image(TWO),
  { type: 'text', text: 'What changed?' },
];
const inOrder = (role: string, more: Json = {}): readonly Json[] => [
  { role, content: 'Before:', ...more },
  { role, content: '', images: [ONE], ...more },
  { role, content: 'After:', ...more },
  { role, content: '', images: [TWO], ...more },
  { role, content: 'What changed?', ...more },
];

test('text and images go to Ollama in the client’s order, a message for each, as its own /v1 sends them', async () => {
  await using fake = await startFake(shows('vision'));
  await using gateway = await startGateway([fake]);
  const ways: readonly (readonly [path: string, body: Json])[] = [
    ['/v1/chat/completions', { messages: [{ role: 'user', content: CHAT_PARTS }] }],
    ['/v1/responses', { input: [{ role: 'user', content: RESPONSES_PARTS }] }],
    ['/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: BLOCKS }] }],
  ];
  for (const [path, body] of ways) {
    await post(gateway, path, body);
    assert.deepEqual(lastBody(fake)['messages'], inOrder('user'), path);
  }
});

test('a tool’s result and a system message keep the order too, and each part names the call', async () => {
  await using fake = await startFake(shows('vision', 'tools'));
  await using gateway = await startGateway([fake]);
  const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: '{}' } };
  const named = { tool_name: 'look', tool_call_id: 'c1' };
  const ways: readonly (readonly [path: string, body: Json])[] = [
    [
      '/v1/chat/completions',
      {
        messages: [
          { role: 'user', content: 'look' },
          { role: 'assistant', content: null, tool_calls: [call] },
          { role: 'tool', tool_call_id: 'c1', content: CHAT_PARTS },
        ],
      },
    ],
    [
      '/v1/responses',
      {
        input: [
          { role: 'user', content: 'look' },
          { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{}' },
          { type: 'function_call_output', call_id: 'c1', output: RESPONSES_PARTS },
        ],
      },
    ],
    [
      '/v1/messages',
      {
        max_tokens: 9,
        messages: [
          { role: 'user', content: 'look' },
          { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'look', input: {} }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: BLOCKS }] },
        ],
      },
    ],
  ];
  for (const [path, body] of ways) {
    await post(gateway, path, body);
    assert.deepEqual((lastBody(fake)['messages'] as readonly Json[]).slice(2), inOrder('tool', named), path);
  }
  await post(gateway, '/v1/chat/completions', {
    messages: [
      { role: 'system', content: CHAT_PARTS },
      { role: 'user', content: 'hi' },
    ],
  });
  assert.deepEqual((lastBody(fake)['messages'] as readonly Json[]).slice(0, 5), inOrder('system'));
});

test('a message of Ollama’s own API stays one message, and texts without an image are one', async () => {
  await using fake = await startFake(shows('vision'));
  await using gateway = await startGateway([fake]);
  const messages = [{ role: 'user', content: '[img] or [img]?', images: [ONE, TWO] }];
  await post(gateway, '/api/chat', { messages });
  assert.deepEqual(lastBody(fake)['messages'], messages);
  await post(gateway, '/api/generate', { prompt: 'what', images: [ONE, TWO] });
  assert.partialDeepStrictEqual(lastBody(fake), { prompt: 'what', images: [ONE, TWO] });
  const content = [CHAT_PARTS[0], CHAT_PARTS[2]];
  await post(gateway, '/v1/chat/completions', { messages: [{ role: 'user', content }] });
  assert.deepEqual(lastBody(fake)['messages'], [{ role: 'user', content: 'Before:\nAfter:' }]);
});

test('an OpenAI-compatible server gets the parts as parts, in order', async () => {
  await using fake = await startFake(shows());
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: fake.url } }],
  });
  const parts = CHAT_PARTS.map((part) =>
    typeof part.image_url === 'string' ? { ...part, image_url: { url: part.image_url } } : part,
  );
  await post(gateway, '/v1/responses', { input: [{ role: 'user', content: RESPONSES_PARTS }] });
  assert.deepEqual(lastBody(fake)['messages'], [{ role: 'user', content: parts }]);
  await post(gateway, '/v1/messages', { max_tokens: 9, messages: [{ role: 'user', content: BLOCKS }] });
  assert.deepEqual(lastBody(fake)['messages'], [{ role: 'user', content: parts }]);
  await post(gateway, '/v1/chat/completions', { messages: [{ role: 'user', content: CHAT_PARTS }] });
  assert.deepEqual(lastBody(fake)['messages'], [{ role: 'user', content: CHAT_PARTS }]);
});

test('tags of images in a client’s text are text: [img] stands alone, and [img-N] is broken up for a model that sees', async () => {
  const content = [
    { type: 'text', text: 'README: ![img-0][img-12] and [img]' },
    { type: 'image_url', image_url: { url: urlOf(ONE) } },
  ];
  const only = [{ role: 'user', content: 'README: ![img-0][img-12] and [img]' }];
  await using seeing = await startFake(shows('vision'));
  await using blind = await startFake(shows());
  await using gateway = await startGateway([seeing]);
  await post(gateway, '/v1/chat/completions', { messages: [{ role: 'user', content }] });
  assert.deepEqual(lastBody(seeing)['messages'], [
    { role: 'user', content: 'README: ![img -0][img -12] and [img]' },
    { role: 'user', content: '', images: [ONE] },
  ]);
  await post(gateway, '/api/chat', { messages: only });
  assert.partialDeepStrictEqual(lastBody(seeing), { messages: [{ content: 'README: ![img -0][img -12] and [img]' }] });
  await post(gateway, '/api/generate', { prompt: 'see [img-3]', system: '[img-4]' });
  assert.partialDeepStrictEqual(lastBody(seeing), { prompt: 'see [img -3]', system: '[img -4]' });
  // A raw prompt has no other way to place its images.
  await post(gateway, '/api/generate', { prompt: 'see [img-0]', raw: true, images: [ONE] });
  assert.partialDeepStrictEqual(lastBody(seeing), { prompt: 'see [img-0]' });

  await using other = await startGateway([blind]);
  await post(other, '/v1/chat/completions', { messages: only });
  assert.deepEqual(lastBody(blind)['messages'], only);
});

test('tags are broken up in thoughts, calls, results and tools too, which the template writes into the prompt', async () => {
  await using seeing = await startFake(shows('vision', 'tools', 'thinking'));
  await using gateway = await startGateway([seeing]);
  const parameters = (text: string): Json => ({
    type: 'object',
    properties: { a: { type: 'string', description: text, enum: [text, '[img]'] } },
  });
  const tool = (text: string): Json => ({
    type: 'function',
    function: { name: 'f', description: text, parameters: parameters(text) },
  });
  const given = { a: ['[img-0]', { b: 'x[img-12]y', c: 7, d: null }] };
  const calls = [{ id: 'c', type: 'function', function: { name: 'f', arguments: JSON.stringify(given) } }];
  const messages = [
    { role: 'user', content: [{ type: 'image_url', image_url: { url: urlOf(ONE) } }] },
    { role: 'assistant', content: null, reasoning_content: 'hm [img-3]', tool_calls: calls },
    { role: 'tool', tool_call_id: 'c', content: '[img-4]' },
  ];
  await post(gateway, '/v1/chat/completions', { messages, tools: [tool('see [img-5]')] });
  const body = lastBody(seeing);
  assert.doesNotMatch(JSON.stringify(body), /\[img-\d+\]/);
  assert.partialDeepStrictEqual(body, {
    messages: [
      { images: [ONE] },
      {
        thinking: 'hm [img -3]',
        tool_calls: [{ function: { arguments: { a: ['[img -0]', { b: 'x[img -12]y', c: 7, d: null }] } } }],
      },
      { content: '[img -4]' },
    ],
    tools: [
      {
        function: {
          description: 'see [img -5]',
          parameters: { properties: { a: { enum: ['see [img -5]', '[img]'] } } },
        },
      },
    ],
  });
});
