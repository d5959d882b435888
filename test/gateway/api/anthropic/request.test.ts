import assert from 'node:assert/strict';

import { test } from 'node:test';
import { Body, readFields } from '../../../../src/gateway/api/dialect/body.ts';
import { readMessageRequest } from '../../../../src/gateway/api/anthropic/request.ts';
import type { Message } from '../../../../src/gateway/exchange.ts';
import { REQUEST, read } from './parser.ts';

function refusal(more: object): string {
  const body = new Body({ ...REQUEST, ...more });
  const reading = readFields(() => readMessageRequest(body, false));
  const failure = reading.ok ? body.translationFailure : reading.failure;
  assert.equal(failure?.kind, 'invalid');
  return failure.message;
}

/** Short form of the messages, for comparisons. */
const brief = (messages: readonly Message[]): readonly unknown[] =>
  messages.map(({ role, parts, thinking, toolCalls, answers }) => [
    role,
    ...parts.map(({ images, text }) => (images.length > 0 ? images : text)),
    ...(thinking === undefined ? [] : [`(${thinking})`]),
    ...(toolCalls.length > 0 ? [toolCalls] : []),
    ...(answers === undefined ? [] : [answers]),
  ]);

const image = (data: string): object => ({ type: 'image', source: { type: 'base64', media_type: 'image/png', data } });

test('a conversation is read block by block: tool results stand in their place, with images and errors', () => {
  const messages = [
    { role: 'user', content: [{ type: 'text', text: 'a' }, image('aGk='), { type: 'text', text: 'b' }] },
    {
      role: 'assistant',
      content: [
        { type: 'thinking', thinking: 'hm', signature: 'EqQB' },
        { type: 'text', text: 'so' },
        { type: 'tool_use', id: 't1', name: 'f', input: { x: 1 } },
        { type: 'tool_use', id: 't2', name: 'g', input: {} },
        { type: 'tool_use', id: 't3', name: 'g' },
      ],
    },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 't1', content: 'one' },
        {
          type: 'tool_result',
          tool_use_id: 't2',
          is_error: true,
          content: [{ type: 'text', text: 'no' }, image('eW8=')],
        },
        { type: 'tool_result', tool_use_id: 't3' },
        { type: 'tool_result', tool_use_id: 't4', is_error: true, content: 'TypeError: x' },
        { type: 'text', text: 'go on' },
      ],
    },
  ];
  assert.deepEqual(
    brief(
      read({
        system: [
          { type: 'text', text: 'one' },
          { type: 'text', text: 'two' },
        ],
        messages,
      }).request.messages,
    ),
    [
      ['system', 'one\n\ntwo'],
      ['user', 'a', ['aGk='], 'b'],
      [
        'assistant',
        'so',
        '(hm)',
        [
          { id: 't1', name: 'f', arguments: { x: 1 } },
          { id: 't2', name: 'g', arguments: {} },
          { id: 't3', name: 'g', arguments: {} },
        ],
      ],
      ['tool', 'one', { id: 't1', name: 'f' }],
      ['tool', 'Error: no', ['eW8='], { id: 't2', name: 'g' }],
      ['tool', { id: 't3', name: 'g' }],
      ['tool', 'TypeError: x', { id: 't4', name: undefined }],
      ['user', 'go on'],
    ],
  );
});

test('a turn may hold any number of answers', () => {
  const content = Array.from({ length: 150_000 }, () => ({ type: 'tool_result', tool_use_id: 'toolu_1' }));
  assert.equal(read({ messages: [{ role: 'user', content }] }).request.messages.length, 150_000);
});

test('texts that come as documents or search results are shown to the model', () => {
  const content = [
    { type: 'document', title: 'T', source: { type: 'text', media_type: 'text/plain', data: 'whole' } },
    {
      type: 'document',
      source: { type: 'content', content: [{ type: 'text', text: 'part' }] },
      citations: { enabled: true },
    },
    { type: 'search_result', source: 'https://x', title: 'S', content: [{ type: 'text', text: 'found' }] },
  ];
  const { request, ignoredParams } = read({ messages: [{ role: 'user', content }] });
  assert.deepEqual(brief(request.messages), [['user', 'T\nwhole\npart\nS\nhttps://x\nfound']]);
  assert.deepEqual(ignoredParams, ['citations']);
});

test('an unsupported parameter that changes the answer is refused by its name', () => {
  const user = (block: object): string => refusal({ messages: [{ role: 'user', content: [block] }] });
  assert.match(
    user({ type: 'image', source: { type: 'url', url: 'https://x/y.png' } }),
    /^messages\.0\.content\.0\.source: images of the source 'url' are not supported/,
  );
  assert.match(
    user({ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'x' } }),
    /documents of the source 'base64'.*no PDFs/,
  );
  assert.match(user({ type: 'container_upload', file_id: 'f' }), /'container_upload' are not supported/);
  assert.match(user({ type: 'tool_use', id: 'a', name: 'b', input: {} }), /'tool_use' are not supported here/);
  assert.match(
    refusal({ tools: [{ type: 'web_search_20250305', name: 'web_search' }] }),
    /^tools\.0\.type: tools of the type 'web_search_20250305' are not supported/,
  );
  assert.match(refusal({ mcp_servers: [{ type: 'url', url: 'https://x', name: 'n' }] }), /^mcp_servers: not supported/);
  assert.match(refusal({ container: 'c' }), /^container: not supported/);
});

test('a missing or wrong parameter is named as Anthropic names it', () => {
  assert.equal(refusal({ max_tokens: undefined }), 'max_tokens: Field required');
  assert.equal(refusal({ messages: [] }), 'messages: at least one message is required');
  assert.equal(
    refusal({ messages: [{ role: 'tool', content: '' }] }),
    "messages.0.role: Input should be 'user', 'assistant' or 'system'",
  );
  assert.equal(refusal({ messages: [{ role: 'user' }] }), 'messages.0.content: Field required');
  assert.equal(refusal({ tools: [{ name: 'f' }] }), 'tools.0.input_schema: Input should be a JSON schema');
  assert.equal(
    refusal({ tool_choice: { type: 'tool', name: 'g' }, tools: [{ name: 'f', input_schema: {} }] }),
    "tool_choice.name: Tool 'g' not found in provided tools",
  );
  assert.equal(
    refusal({ thinking: { type: 'enabled' } }),
    'thinking.budget_tokens: Input should be a positive integer',
  );
  assert.match(refusal({ max_tokens: 'x' }), /max_tokens/);
});

test('the input of an earlier call that is no object does not end the conversation', () => {
  const inputOf = (input: unknown): unknown => {
    const content = [{ type: 'tool_use', id: 'c', name: 'f', input }];
    const result = [{ type: 'tool_result', tool_use_id: 'c', content: 'r' }];
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content },
      { role: 'user', content: result },
    ];
    return read({ messages }).request.messages[1]?.toolCalls[0]?.arguments;
  };
  for (const [input, expected] of [
    [undefined, {}],
    [null, {}],
    ['', {}],
    ['null', {}],
    ['{"a":1}', { a: 1 }],
    ['{"a": ', { arguments: '{"a": ' }],
    [[1], { arguments: '[1]' }],
    [{ a: 1 }, { a: 1 }],
  ] as const)
    assert.deepEqual(inputOf(input), expected, JSON.stringify(input));
});

test("calls and results of tools that Anthropic's servers run are left out of a history, and named", () => {
  const blocks = [
    { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'q' } },
    { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [{ type: 'web_search_result', url: 'u' }] },
    { type: 'mcp_tool_use', id: 'mcptoolu_1', name: 'f', server_name: 's', input: {} },
    { type: 'mcp_tool_result', tool_use_id: 'mcptoolu_1', is_error: false, content: [] },
  ];
  const user = { role: 'user', content: 'hi' };
  const messages = [user, { role: 'assistant', content: [...blocks, { type: 'text', text: 'found' }] }, user];
  const reading = read({ messages });
  assert.deepEqual(brief(reading.request.messages), [
    ['user', 'hi'],
    ['assistant', 'found'],
    ['user', 'hi'],
  ]);
  assert.deepEqual(reading.ignoredParams, [
    'messages.server_tool_use',
    'messages.web_search_tool_result',
    'messages.mcp_tool_use',
    'messages.mcp_tool_result',
  ]);
  // Only the model has called them.
  assert.match(refusal({ messages: [{ role: 'user', content: [blocks[0]] }] }), /server_tool_use/);
  const summary = { type: 'compaction', content: 'They spoke of rain.' };
  assert.deepEqual(brief(read({ messages: [{ role: 'assistant', content: [summary] }, user] }).request.messages)[0], [
    'assistant',
    'They spoke of rain.',
  ]);
});
