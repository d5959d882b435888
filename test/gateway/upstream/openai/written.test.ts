import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChatRequest, CompletionRequest } from '../../../../src/gateway/exchange.ts';
import { openaiChat, openaiCompletion, openaiEmbed } from '../../../../src/gateway/upstream/openai/call.ts';
import { workingMsOf } from '../../../working-time.ts';
import { PLAIN_CHAT } from '../chat-request.ts';
import { partsOf } from '../../parts.ts';

const MESSAGE = { parts: [], thinking: undefined, toolCalls: [], answers: undefined } as const;
const TOOL = { name: 'f', definition: { type: 'function', function: { name: 'f', parameters: { type: 'object' } } } };

function chatBody(more: Partial<ChatRequest>): Readonly<Record<string, unknown>> {
  const { path, body } = openaiChat({ ...PLAIN_CHAT, ...more }, 'theirs');
  assert.equal(path, '/chat/completions');
  return JSON.parse(body) as Readonly<Record<string, unknown>>; // the object that was just serialised
}

test('a request that came in OpenAI’s dialect is passed on as it came', () => {
  const call = openaiChat({ ...PLAIN_CHAT, original: { model: 'mine', odd: 1, n: 3, messages: [] } }, 'theirs');
  assert.deepEqual(JSON.parse(call.body), {
    model: 'theirs',
    odd: 1,
    messages: [],
    stream_options: { include_usage: true },
  });
});

test('a plain chat of another dialect says no more than it has to', () => {
  const messages = [
    { ...MESSAGE, role: 'system' as const, parts: partsOf('Be kind.') },
    { ...MESSAGE, role: 'user' as const, parts: partsOf('hi') },
  ];
  assert.deepEqual(chatBody({ messages }), {
    model: 'theirs',
    messages: [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'hi' },
    ],
    stream: true,
    stream_options: { include_usage: true },
  });
  assert.deepEqual(chatBody({ messages: [], stream: false }), { model: 'theirs', messages: [], stream: false });
});

test('images are data URLs of their own type', () => {
  const images = ['iVBORw0KGgo=', '/9j/4AAQ', 'UklGRg==', 'R0lGODlh'];
  const { messages } = chatBody({
    messages: [{ ...MESSAGE, role: 'user', parts: [{ images, text: 'What is this?' }] }],
  });
  assert.deepEqual(messages, [
    {
      role: 'user',
      content: [
        ...['png', 'jpeg', 'webp', 'gif'].map((type, index) => ({
          type: 'image_url',
          image_url: { url: `data:image/${type};base64,${images[index] ?? ''}` },
        })),
        { type: 'text', text: 'What is this?' },
      ],
    },
  ]);
});

test('calls keep their ids, and those that have none get one that their results name too', () => {
  const call = (id: string, name: string): ChatRequest['messages'][number]['toolCalls'][number] => ({
    id,
    name,
    arguments: { a: 1 },
  });
  const { messages } = chatBody({
    messages: [
      { ...MESSAGE, role: 'assistant', thinking: 'hm', toolCalls: [call('x', 'f'), call('', 'f'), call('', 'g')] },
      { ...MESSAGE, role: 'tool', parts: partsOf('of g'), answers: { id: undefined, name: 'g' } },
      { ...MESSAGE, role: 'tool', parts: partsOf('of x'), answers: { id: 'x', name: undefined } },
      { ...MESSAGE, role: 'tool', parts: partsOf('of f'), answers: { id: undefined, name: undefined } },
    ],
  });
  const made = (name: string): object => ({ type: 'function', function: { name, arguments: '{"a":1}' } });
  assert.deepEqual(messages, [
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'hm',
      reasoning: 'hm',
      tool_calls: [
        { id: 'x', ...made('f') },
        { id: 'call_1', ...made('f') },
        { id: 'call_2', ...made('g') },
      ],
    },
    { role: 'tool', content: 'of g', tool_call_id: 'call_2' },
    { role: 'tool', content: 'of x', tool_call_id: 'x' },
    { role: 'tool', content: 'of f', tool_call_id: 'call_1' },
  ]);
});

test('results of 40,000 calls find their calls without a search among all of them', async () => {
  const calls = Array.from({ length: 40_000 }, (_, index) => ({ id: `c${String(index)}`, name: 'f', arguments: {} }));
  const results = calls
    .flatMap(({ id }) => [
      { id, name: undefined },
      { id: undefined, name: 'other' },
    ])
    .toReversed();
  const workedMs = await workingMsOf(() => {
    const { messages } = chatBody({
      messages: [
        { ...MESSAGE, role: 'assistant', toolCalls: calls },
        ...results.map((answers) => ({ ...MESSAGE, role: 'tool' as const, answers })),
      ],
    });
    assert.partialDeepStrictEqual((messages as readonly unknown[]).slice(1, 3), [
      { tool_call_id: 'call_1' },
      { tool_call_id: 'c39999' },
    ]);
  });
  // It takes seconds if each result is looked for among all calls.
  assert.ok(workedMs < 1500, String(workedMs));
});

test('tools go with their choice, a schema with a name, and any JSON as a schema too', () => {
  assert.partialDeepStrictEqual(chatBody({ tools: [TOOL] }), { tools: [TOOL.definition] });
  assert.ok(!('tool_choice' in chatBody({ tools: [TOOL] })));
  assert.partialDeepStrictEqual(chatBody({ tools: [TOOL], mustCall: true, parallelCalls: false }), {
    tool_choice: 'required',
    parallel_tool_calls: false,
  });
  assert.ok(
    !('parallel_tool_calls' in chatBody({ parallelCalls: false })),
    'which is refused where there are no tools',
  );
  assert.deepEqual(chatBody({ format: 'json' })['response_format'], {
    type: 'json_schema',
    json_schema: { name: 'answer', schema: { type: 'object' } },
  });
  assert.deepEqual(chatBody({ format: { type: 'array' } })['response_format'], {
    type: 'json_schema',
    json_schema: { name: 'answer', schema: { type: 'array' } },
  });
});

test('sampling parameters go by the names that such servers know, and options that reload a model are left out', () => {
  const body = chatBody({
    sampling: { temperature: 0, seed: 7, top_k: 40, repeat_penalty: 1.1, num_ctx: 9, num_keep: 1 },
    stop: ['END'],
    maxTokens: 0,
    logprobs: 2,
  });
  assert.partialDeepStrictEqual(body, {
    temperature: 0,
    seed: 7,
    top_k: 40,
    repeat_penalty: 1.1,
    repetition_penalty: 1.1,
    stop: ['END'],
    max_tokens: 1,
    logprobs: true,
    top_logprobs: 2,
  });
  assert.ok(!('num_ctx' in body) && !('num_keep' in body));
  assert.deepEqual(
    [chatBody({ logprobs: 0 })['logprobs'], chatBody({ logprobs: 0 })['top_logprobs']],
    [true, undefined],
  );
});

test('how much is to be thought is told to the template, and as an effort', () => {
  const said = (thinking: ChatRequest['thinking']): unknown => [
    chatBody({ thinking })['reasoning_effort'],
    chatBody({ thinking })['chat_template_kwargs'],
  ];
  assert.deepEqual(said(undefined), [undefined, undefined]);
  assert.deepEqual(said(false), [undefined, { enable_thinking: false, thinking: false }]);
  assert.deepEqual(said(true), [undefined, { enable_thinking: true, thinking: true }]);
  assert.deepEqual(said('low'), ['low', { enable_thinking: true, thinking: true, reasoning_effort: 'low' }]);
});

test('a text to go on with is a chat where the template is wanted, and goes as it is where it is not', () => {
  const asked: CompletionRequest = { ...PLAIN_CHAT, prompt: 'Once', suffix: undefined, raw: false, maxTokens: 9 };
  const templated = openaiCompletion(asked, 'theirs');
  assert.equal(templated.path, '/chat/completions');
  assert.partialDeepStrictEqual(JSON.parse(templated.body), {
    messages: [{ role: 'user', content: 'Once' }],
    max_tokens: 9,
  });
  for (const more of [{ raw: true }, { suffix: 'end' }]) {
    const { path, body } = openaiCompletion({ ...asked, ...more, logprobs: 3 }, 'theirs');
    assert.equal(path, '/completions');
    assert.partialDeepStrictEqual(JSON.parse(body), { model: 'theirs', prompt: 'Once', max_tokens: 9, logprobs: 3 });
  }
  assert.equal(
    (JSON.parse(openaiCompletion({ ...asked, suffix: 'end' }, 'theirs').body) as { suffix: unknown }).suffix,
    'end',
  );
});

test('embeddings are asked for as numbers', () => {
  const { path, body } = openaiEmbed(
    { model: 'mine', input: ['a', 'b'], dimensions: 3, base64: true, original: undefined },
    'theirs',
  );
  assert.deepEqual(
    [path, JSON.parse(body)],
    ['/embeddings', { model: 'theirs', input: ['a', 'b'], dimensions: 3, encoding_format: 'float' }],
  );
});
