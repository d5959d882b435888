import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedRequest, Subrequest } from '../../../../src/gateway/client-dialect.ts';
import type { Failure, FailureOr, ServerEvent } from '../../../../src/gateway/exchange.ts';
import * as ollama from '../../../../src/gateway/upstream/ollama/call.ts';
import { readApiEmbed, readApiEmbeddings } from '../../../../src/gateway/api/ollama/embed-request.ts';
import { OLLAMA } from '../../../../src/gateway/api/ollama/dialect.ts';
import { readApiChat, readApiGenerate } from '../../../../src/gateway/api/ollama/parsed-request.ts';
import { checkDamage, checkMutations } from '../mutation.ts';
import { IN_JOB } from '../../../job.ts';

const TEXT = {
  model: 'm',
  format: { type: 'object' },
  think: 'low',
  logprobs: true,
  top_logprobs: 2,
  truncate: true,
  shift: false,
  keep_alive: '5m',
  stream: true,
  options: {
    temperature: 0.5,
    seed: 1,
    stop: ['a'],
    num_predict: 5,
    num_ctx: 2048,
    num_gpu: 1,
    use_mmap: true,
    mirostat: 1,
  },
};
const CHAT = {
  ...TEXT,
  messages: [
    { role: 'system', content: 'be short' },
    { role: 'user', content: 'what', images: ['aGk='] },
    {
      role: 'assistant',
      content: '',
      thinking: 'hm',
      tool_calls: [{ id: 'call_1', function: { index: 0, name: 'f', arguments: { a: 1 } } }],
    },
    { role: 'tool', content: 'done', tool_name: 'f', tool_call_id: 'call_1' },
  ],
  tools: [
    {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: { type: 'object', properties: { a: { type: 'number' } } } },
    },
  ],
};
const GENERATE = {
  ...TEXT,
  prompt: 'Once',
  suffix: 'end',
  system: 's',
  template: '{{ .Prompt }}',
  context: [1, 2, 3, 4, 5],
  raw: false,
  images: ['aGk='],
};
const EMBED = {
  model: 'm',
  input: ['a', 'b'],
  dimensions: 3,
  truncate: true,
  keep_alive: 5,
  options: { num_ctx: 512 },
};
const EMBEDDINGS = { model: 'm', prompt: 'a', keep_alive: '5m', options: {} };

const EVENTS: readonly ServerEvent[] = [
  { kind: 'thinking', text: 'hm\n' },
  { kind: 'text', text: 'a\r\n\u2028"', logprobs: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }] },
  { kind: 'tool-call', call: { id: 'call_1', name: 'f', arguments: { a: 1 } } },
  { kind: 'vectors', vectors: [[1, 2]] },
  { kind: 'end', reason: 'stop', usage: { promptTokens: 1, completionTokens: 2 } },
];

/** Checks that a parsed request can be sent and its response encoded. */
function carryOut(parsedRequest: ParsedRequest): void {
  assert.ok(parsedRequest.subrequests.length === 1 && parsedRequest.model !== '');
  let text = '';
  for (const subrequest of parsedRequest.subrequests) {
    for (const body of bodiesOf(subrequest.request)) JSON.parse(body);
    const encoder = subrequest.encoder();
    for (const event of EVENTS) text += encoder.encode(event);
  }
  const rest = parsedRequest.close([{ promptTokens: 1, completionTokens: 2 }]);
  const lines = (text + rest)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { done?: boolean });
  if (parsedRequest.stream)
    assert.deepEqual(
      lines.map(({ done }) => done),
      [false, false, false, true],
    );
  else assert.equal(lines.length, 1);
}

function bodiesOf(request: Subrequest['request']): readonly string[] {
  const keeping = { model: 'm', keepAlive: 5, options: { num_ctx: 2048 } };
  if (request.kind === 'load') return [];
  return [
    request.kind === 'chat'
      ? ollama.ollamaChat(request.params, keeping).body
      : request.kind === 'completion'
        ? ollama.ollamaCompletion(request.params, keeping).body
        : ollama.ollamaEmbed(request.params, keeping).body,
  ];
}

function look(failure: Failure): void {
  const { status, body } = OLLAMA.errorResponse(failure);
  assert.ok(status === 400 || status === 403, String(status));
  assert.deepEqual(
    Object.entries(JSON.parse(body) as object).map(([name, value]) => [name, typeof value]),
    [['error', 'string']],
  );
}

function carry(outcome: FailureOr<ParsedRequest>): 'read' | 'refused' {
  if (outcome.ok) carryOut(outcome.value);
  else look(outcome.failure);
  return outcome.ok ? 'read' : 'refused';
}

const RUNS = IN_JOB ? 1500 : 5000;

for (const [what, whole, read] of [
  ['chat', CHAT, readApiChat],
  ['generate', GENERATE, readApiGenerate],
  ['list of texts', EMBED, readApiEmbed],
  ['text to embed', EMBEDDINGS, readApiEmbeddings],
] as const) {
  test(`a ${what} of Ollama’s that is as it should be is read`, () => {
    assert.equal(carry(read(Buffer.from(JSON.stringify(whole)))), 'read');
  });

  test(`a ${what} of Ollama’s, however it is changed, is read and can be carried out, or is refused with the one field`, () => {
    checkMutations(whole, RUNS, (bytes) => carry(read(bytes)));
  });

  test(`a ${what} of Ollama’s whose bytes are damaged is read or refused`, () => {
    checkDamage(whole, (bytes) => carry(read(bytes)));
  });
}
