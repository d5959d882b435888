import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessageRequest } from '../../../../src/gateway/api/anthropic/request.ts';
import { Body, readFields } from '../../../../src/gateway/api/dialect/body.ts';
import { readApiChat, readApiGenerate } from '../../../../src/gateway/api/ollama/parsed-request.ts';
import { readApiEmbed } from '../../../../src/gateway/api/ollama/embed-request.ts';
import { readApiMessages, readApiTools } from '../../../../src/gateway/api/ollama/messages.ts';
import { readChatRequest } from '../../../../src/gateway/api/openai/chat-request.ts';
import { readChat, readEmbeddings } from '../../../../src/gateway/api/openai/parsed-request.ts';
import { readResponseRequest } from '../../../../src/gateway/api/responses/request.ts';
import { readResponses } from '../../../../src/gateway/api/responses/parsed-request.ts';
import { readMessages } from '../../../../src/gateway/api/anthropic/parsed-request.ts';
import type { FailureOr } from '../../../../src/gateway/exchange.ts';
import type { Json } from '../../../../src/gateway/json.ts';

type Reader = (body: Body) => FailureOr<unknown>;

const READERS: Readonly<Record<string, Reader>> = {
  chat: readChatRequest,
  messages: (body) => readMessageRequest(body, false),
  responses: readResponseRequest,
  'ollama messages': (body) => ({ ok: true, value: readApiMessages(body) }),
  'ollama tools': (body) => ({ ok: true, value: readApiTools(body) }),
};

/** Reads a body whose lists have an invalid first item, and returns how many later items the reader looked at. */
function lookedAt(read: Reader, build: (items: readonly unknown[]) => Json): number {
  let looks = 0;
  const watched = (): object =>
    new Proxy(
      {},
      {
        get: () => {
          looks += 1;
          return undefined;
        },
      },
    );
  const result = readFields(() => read(new Body(build([{}, ...Array.from({ length: 100 }, watched)]))));
  assert.equal(result.ok, false);
  return looks;
}

const BODIES: readonly (readonly [string, string, (items: readonly unknown[]) => Json])[] = [
  ['chat', 'messages', (messages) => ({ model: 'm', messages })],
  ['chat', 'parts', (content) => ({ model: 'm', messages: [{ role: 'user', content }] })],
  ['chat', 'calls', (tool_calls) => ({ model: 'm', messages: [{ role: 'assistant', content: null, tool_calls }] })],
  ['chat', 'tools', (tools) => ({ model: 'm', messages: [{ role: 'user', content: 'hi' }], tools })],
  ['messages', 'messages', (messages) => ({ model: 'm', max_tokens: 1, messages })],
  ['messages', 'blocks', (content) => ({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content }] })],
  ['messages', 'system', (system) => ({ model: 'm', max_tokens: 1, system, messages: [] })],
  ['messages', 'tools', (tools) => ({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }], tools })],
  ['responses', 'items', (input) => ({ model: 'm', input })],
  ['responses', 'parts', (content) => ({ model: 'm', input: [{ role: 'user', content }] })],
  ['responses', 'tools', (tools) => ({ model: 'm', input: 'hi', tools })],
  ['ollama messages', 'messages', (messages) => ({ messages })],
  ['ollama tools', 'tools', (tools) => ({ tools })],
];

for (const [reader, list, build] of BODIES)
  test(`${reader}: the reading ends with the first invalid item of ${list}`, () => {
    const read = READERS[reader];
    assert.ok(read !== undefined);
    assert.equal(lookedAt(read, build), 0);
  });

const repeated = (item: unknown, count: number): unknown[] => Array.from({ length: count }, () => item);
const bytes = (body: object): Buffer => Buffer.from(JSON.stringify(body));

const tooLong = (): readonly (readonly [string, FailureOr<unknown>, string])[] => [
  ['chat', readChat(bytes({ model: 'm', messages: repeated({ role: 'user', content: '' }, 10_001) }), 0), 'messages'],
  [
    'tools',
    readChat(
      bytes({
        model: 'm',
        messages: [{ role: 'user', content: '' }],
        tools: repeated({ type: 'function', function: { name: 'f' } }, 10_001),
      }),
      0,
    ),
    'tools',
  ],
  [
    'messages',
    readMessages(bytes({ model: 'm', max_tokens: 1, messages: repeated({ role: 'user', content: '' }, 10_001) })),
    'messages',
  ],
  [
    'responses',
    readResponses(bytes({ model: 'm', input: repeated({ role: 'user', content: '' }, 10_001) }), 0),
    'input',
  ],
  [
    '/api/chat',
    readApiChat(bytes({ model: 'm', messages: repeated({ role: 'user', content: '' }, 10_001) })),
    'messages',
  ],
  ['embeddings', readEmbeddings(bytes({ model: 'm', input: repeated('a', 2049) })), 'input'],
  ['/api/embed', readApiEmbed(bytes({ model: 'm', input: repeated('a', 2049) })), 'input'],
  ['/api/generate', readApiGenerate(bytes({ model: 'm', prompt: 'a', context: repeated(1, 400_001) })), 'context'],
];

test('a list that is too long is refused by its name', () => {
  for (const [name, result, param] of tooLong()) {
    assert.ok(!result.ok, name);
    assert.equal(result.failure.param, param, name);
    assert.match(result.failure.message, /at most [\d,]+ /, name);
  }
});
