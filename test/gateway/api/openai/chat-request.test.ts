import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readChat } from '../../../../src/gateway/api/openai/parsed-request.ts';
import { read, readAll, readParsedRequest, refuse } from './chat-reading.ts';
import { partsOf } from '../../parts.ts';

const TOOL = { type: 'function', function: { name: 'f', parameters: {} } };
const REFUSED: readonly (readonly [param: string, more: object])[] = [
  ['model', { model: '' }],
  ['model', { model: 7 }],
  ['think', { think: 'deeply' }],
  ['think', { think: 1 }],
  ['messages', { messages: undefined }],
  ['messages', { messages: [] }],
  ['messages', { messages: 'hi' }],
  ['messages[0]', { messages: ['hi'] }],
  ['messages[0].role', { messages: [{ role: 'wizard', content: 'hi' }] }],
  ['messages[0].role', { messages: [{ role: 'constructor', content: 'hi' }] }],
  ['messages[0].content', { messages: [{ role: 'user', content: 7 }] }],
  ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'input_audio' }] }] }],
  [
    'messages[0].content[0].image_url.url',
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }] }] },
  ],
  ['temperature', { temperature: 3 }],
  ['temperature', { temperature: '1' }],
  ['max_tokens', { max_tokens: -1 }],
  ['max_completion_tokens', { max_completion_tokens: 1.5 }],
  ['stop', { stop: 7 }],
  ['stream', { stream: 'yes' }],
  ['stream_options', { stream_options: { include_usage: true } }],
  ['top_logprobs', { top_logprobs: 3 }],
  ['top_logprobs', { logprobs: false, top_logprobs: 1 }],
  ['n', { n: 9 }],
  ['n', { n: 0 }],
  ['tool_choice', { tool_choice: 'required' }],
  ['tool_choice', { tools: [TOOL], tool_choice: { type: 'function', function: { name: 'g' } } }],
  ['tool_choice', { tools: [TOOL], tool_choice: 'sometimes' }],
  ['tool_choice', { tools: [TOOL], tool_choice: { type: 'allowed_tools' } }],
  [
    'tool_choice',
    { tools: [TOOL], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [] } } },
  ],
  [
    'tool_choice',
    { tools: [TOOL], tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'sometimes', tools: [] } } },
  ],
  ['parallel_tool_calls', { parallel_tool_calls: 1 }],
  ['tools[0]', { tools: [{ type: 'function' }] }],
  ['response_format.type', { response_format: { type: 'xml' } }],
  ['response_format.json_schema.schema', { response_format: { type: 'json_schema', json_schema: { name: 'x' } } }],
  ['reasoning_effort', { reasoning_effort: 'toString' }],
];

for (const [param, more] of REFUSED) {
  test(`${JSON.stringify(more)} is refused and names ${param}`, () => {
    const failure = refuse(more);
    assert.deepEqual([failure.kind, failure.param], ['invalid', param]);
    assert.match(failure.message, /\.$/);
  });
}

test('a parameter without effect is named, unless it asks for the default', () => {
  assert.deepEqual(
    readParsedRequest({
      logit_bias: { 1: 2 },
      functions: [{ name: 'f' }],
      verbosity: 'low',
      made_up: 1,
      store: true,
      tools: [TOOL],
      tool_choice: 'required',
    }).ignoredParams.toSorted(),
    ['functions', 'logit_bias', 'made_up', 'store', 'verbosity'],
  );
  assert.deepEqual(
    readParsedRequest({
      n: 2,
      store: false,
      service_tier: 'auto',
      modalities: ['text'],
      user: 'u',
      metadata: {},
      logit_bias: {},
      functions: [],
      verbosity: 'medium',
      logprobs: false,
      top_logprobs: 0,
      tool_choice: 'auto',
    }).ignoredParams,
    [],
  );
});

test('a value of a wrong type for a parameter without effect is named, and not refused', () => {
  assert.deepEqual(readParsedRequest({ logit_bias: 'x', verbosity: 5, functions: 'x' }).ignoredParams.toSorted(), [
    'functions',
    'logit_bias',
    'verbosity',
  ]);
});

test('the newer of two limits holds, and both kinds of stop do', () => {
  const request = read({ max_tokens: 5, max_completion_tokens: 9, stop: 'x' });
  assert.deepEqual([request.maxTokens, request.stop, read({ stop: ['a', '', 'b'] }).stop], [9, ['x'], ['a', 'b']]);
});

test('parts of a message keep their order, data URLs become images, and developers are heard as the system', () => {
  const content = [
    { type: 'text', text: 'what' },
    { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
    { type: 'text', text: 'is it' },
  ];
  const [first, second] = read({
    messages: [
      { role: 'developer', content: 'be short' },
      { role: 'user', content },
    ],
  }).messages;
  assert.partialDeepStrictEqual(first, { role: 'system', parts: partsOf('be short') });
  assert.partialDeepStrictEqual(second, { role: 'user', parts: partsOf('what', ['aGk='], 'is it') });
});

test('the answer to a call knows the name of what was called', () => {
  const messages = [
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    },
    { role: 'tool', tool_call_id: 'c1', content: 'done' },
  ];
  assert.deepEqual(read({ messages }).messages[1]?.answers, { id: 'c1', name: 'f' });
});

test('none called means none sent, and a named one means no other', () => {
  const tools = [TOOL, { type: 'function', function: { name: 'g' } }];
  const seen = (more: object): unknown => {
    const request = read({ tools, ...more });
    return [request.tools.map(({ name }) => name), request.mustCall, request.parallelCalls];
  };
  assert.deepEqual(seen({}), [['f', 'g'], false, true]);
  assert.deepEqual(seen({ tool_choice: 'none' }), [[], false, true]);
  assert.deepEqual(seen({ tool_choice: 'required', parallel_tool_calls: false }), [['f', 'g'], true, false]);
  assert.deepEqual(seen({ tool_choice: { type: 'function', function: { name: 'g' } } }), [['g'], true, true]);
  const allowed = (mode: string, ...names: readonly string[]): object => ({
    tool_choice: {
      type: 'allowed_tools',
      allowed_tools: { mode, tools: names.map((name) => ({ type: 'function', function: { name } })) },
    },
  });
  assert.deepEqual(seen(allowed('auto', 'g')), [['g'], false, true]);
  assert.deepEqual(seen(allowed('required', 'g', 'f')), [['f', 'g'], true, true]);
  // As in Responses: a model that may call nothing answers.
  assert.deepEqual(seen(allowed('auto')), [[], false, true]);
  assert.deepEqual(seen(allowed('auto', 'gone')), [[], false, true]);
});

test('several answers are as many requests, and a seed is not the same for all of them', () => {
  assert.deepEqual(
    readAll({ n: 3, seed: 5 }).map(({ sampling, original }) => [sampling['seed'], original?.['seed']]),
    [
      [5, 5],
      [6, 6],
      [7, 7],
    ],
  );
  assert.equal(readAll({ n: 8 }).length, 8);
});

test('any bytes are either read or refused, and never thrown at', () => {
  const any = fc.oneof(
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc
      .dictionary(
        fc.constantFrom('model', 'messages', 'tools', 'stop', 'stream', 'stream_options', 'response_format', 'n'),
        fc.jsonValue(),
      )
      .map((body) => Buffer.from(JSON.stringify(body))),
  );
  fc.assert(
    fc.property(any, (bytes) => {
      const parsedRequest = readChat(bytes, 0);
      assert.equal(typeof parsedRequest.ok, 'boolean');
    }),
    { numRuns: 500 },
  );
});

test('Ollama’s own word for how much is to be thought has all its values, and the name that was used', () => {
  assert.deepEqual(
    [true, false, 'low', 'max', null].map((think) => read({ think }).thinking),
    [true, false, 'low', 'high', undefined],
  );
  assert.equal(read({ think: true, reasoning_effort: null }).thinkingName, 'think');
});

test('a tool with free text is a function with one text, and its grammar is named', () => {
  const custom = {
    name: 'sql',
    description: 'runs SQL',
    format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "a"' } },
  };
  const tools = [{ type: 'custom', custom }, TOOL];
  const chosen = read({ tools, tool_choice: { type: 'custom', custom: { name: 'sql' } } });
  assert.deepEqual([chosen.tools.map(({ name }) => name), chosen.mustCall], [['sql'], true]);
  assert.match(JSON.stringify(chosen.tools[0]?.definition), /"parameters":\{"type":"object","properties":\{"input"/);
  assert.deepEqual(readParsedRequest({ tools }).ignoredParams, ['tools.custom.format']);
});
