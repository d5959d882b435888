import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chatOf, failureOf, parsedRequestOf } from './parser.ts';
import { partsOf } from '../../parts.ts';

const NOBODY = { thinking: undefined, toolCalls: [], answers: undefined };

test('a text is what the user says, behind the instructions', () => {
  assert.deepEqual(chatOf({ instructions: 'be short', input: 'hi' }).messages, [
    { ...NOBODY, role: 'system', parts: partsOf('be short') },
    { ...NOBODY, role: 'user', parts: partsOf('hi') },
  ]);
});

test('messages come with or without their type, in text or parts, and developers are the system', () => {
  const { messages } = chatOf({
    input: [
      { role: 'developer', content: 'rules' },
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'what is' },
          { type: 'input_image', detail: 'low', image_url: 'data:image/png;base64,aGk=' },
          { type: 'input_text', text: 'this?' },
        ],
      },
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'a cat', annotations: [] }],
      },
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'no more' }] },
    ],
  });
  assert.deepEqual(messages, [
    { ...NOBODY, role: 'system', parts: partsOf('rules') },
    { ...NOBODY, role: 'user', parts: partsOf('what is', ['aGk='], 'this?') },
    { ...NOBODY, role: 'assistant', parts: partsOf('a cat') },
    { ...NOBODY, role: 'assistant', parts: partsOf('no more') },
  ]);
});

test('thoughts, text and calls of one turn are one message, and outputs name the tool that they are of', () => {
  const { messages } = chatOf({
    input: [
      { role: 'user', content: 'the weather?' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'a summary' }],
        content: [{ type: 'reasoning_text', text: 'hm' }],
        encrypted_content: null,
      },
      { role: 'assistant', content: 'I look.' },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'weather', arguments: '{"city":"Oslo"}' },
      { type: 'function_call', call_id: 'call_2', name: 'time', arguments: '' },
      {
        type: 'function_call_output',
        call_id: 'call_2',
        output: [
          { type: 'input_text', text: 'noon' },
          { type: 'input_image', image_url: 'data:image/png;base64,aGk=' },
        ],
      },
      { type: 'function_call_output', call_id: 'call_1', output: 'rain' },
      { type: 'reasoning', id: 'rs_2', summary: [{ type: 'summary_text', text: 'only a summary' }], content: null },
      { type: 'custom_tool_call', call_id: 'call_3', name: 'sql', input: 'select 1' },
      { type: 'custom_tool_call_output', call_id: 'call_3', output: '1' },
    ],
  });
  assert.deepEqual(messages.slice(1), [
    {
      ...NOBODY,
      role: 'assistant',
      parts: partsOf('I look.'),
      thinking: 'hm',
      toolCalls: [
        { id: 'call_1', name: 'weather', arguments: { city: 'Oslo' } },
        { id: 'call_2', name: 'time', arguments: {} },
      ],
    },
    { ...NOBODY, role: 'tool', parts: partsOf('noon', ['aGk=']), answers: { id: 'call_2', name: 'time' } },
    { ...NOBODY, role: 'tool', parts: partsOf('rain'), answers: { id: 'call_1', name: 'weather' } },
    {
      ...NOBODY,
      role: 'assistant',
      parts: [],
      thinking: 'only a summary',
      toolCalls: [{ id: 'call_3', name: 'sql', arguments: { input: 'select 1' } }],
    },
    { ...NOBODY, role: 'tool', parts: partsOf('1'), answers: { id: 'call_3', name: 'sql' } },
  ]);
});

const REFUSED: readonly (readonly [what: string, input: unknown, param: string, message: RegExp])[] = [
  [
    'a reference to what was stored',
    [{ type: 'item_reference', id: 'msg_1' }],
    'input[0]',
    /stores no items.*send the item itself/,
  ],
  ['the same without its type', [{ id: 'msg_1' }], 'input[0]', /item_reference/],
  [
    'an image at an address',
    [{ role: 'user', content: [{ type: 'input_image', image_url: 'https://example.com/a.png' }] }],
    'input[0].content[0].image_url',
    /fetches no images/,
  ],
  [
    'an image by a file id',
    [{ role: 'user', content: [{ type: 'input_image', file_id: 'file-1' }] }],
    'input[0].content[0].file_id',
    /stores no files/,
  ],
  [
    'a file',
    [{ role: 'user', content: [{ type: 'input_file', file_id: 'file-1' }] }],
    'input[0].content[0].type',
    /reads no files/,
  ],
  [
    'an item of an unknown type',
    [{ type: 'teleport_call', id: 'tp_1', status: 'completed' }],
    'input[0].type',
    /Supported values are: 'message', 'reasoning', 'function_call'/,
  ],
  [
    'a call without an id',
    [{ type: 'function_call', name: 'f', arguments: '{}' }],
    'input[0].call_id',
    /Missing required parameter/,
  ],
  [
    'an unknown role',
    [{ role: 'wizard', content: 'x' }],
    'input[0].role',
    /Supported values are: 'system', 'developer', 'user', 'assistant'/,
  ],
  ['a message without content', [{ role: 'user' }], 'input[0].content', /expected a string or an array/],
  ['nothing', [], 'input', /empty array/],
  ['null', null, 'input', /Missing required parameter: 'input'/],
  ['a number', 5, 'input', /expected a string or an array of input items/],
];

for (const [what, input, param, message] of REFUSED) {
  test(`as input, ${what} is refused by name`, () => {
    const failure = failureOf({ input });
    assert.deepEqual([failure.kind, failure.param], ['invalid', param]);
    assert.match(failure.message, message);
  });
}

test('items of tools that OpenAI runs are left out of a history, and named once for each type', () => {
  const hosted = [
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search', query: 'q' } },
    { type: 'web_search_call', id: 'ws_2', status: 'completed', action: { type: 'search', query: 'q' } },
    { type: 'mcp_list_tools', id: 'mcpl_1', server_label: 's', tools: [] },
    { type: 'mcp_call', id: 'mcp_1', name: 'f', arguments: '{}', server_label: 's', output: 'o' },
    { type: 'code_interpreter_call', id: 'ci_1', code: '1', container_id: 'c', outputs: [], status: 'completed' },
    { type: 'compaction', encrypted_content: 'x' },
  ];
  const user = { role: 'user', content: 'hi' };
  const found = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'found' }] };
  const input = [user, ...hosted, found, user];
  assert.deepEqual(
    chatOf({ input }).messages.map(({ role, parts }) => [role, parts[0]?.text]),
    [
      ['user', 'hi'],
      ['assistant', 'found'],
      ['user', 'hi'],
    ],
  );
  assert.deepEqual(parsedRequestOf({ input }).ignoredParams, [
    'input.web_search_call',
    'input.mcp_list_tools',
    'input.mcp_call',
    'input.code_interpreter_call',
    'input.compaction',
  ]);
  assert.equal(failureOf({ input: [user, { type: 'web_serach_call', id: 'ws_1' }] }).param, 'input[1].type');
  assert.equal(failureOf({ input: hosted }).param, 'input', 'nothing is left to answer');
});
