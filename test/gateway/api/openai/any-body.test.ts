import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedRequest, Subrequest } from '../../../../src/gateway/client-dialect.ts';
import type { Failure, FailureOr, ServerEvent } from '../../../../src/gateway/exchange.ts';
import * as ollama from '../../../../src/gateway/upstream/ollama/call.ts';
import * as openai from '../../../../src/gateway/upstream/openai/call.ts';
import { OPENAI } from '../../../../src/gateway/api/openai/dialect.ts';
import { readChat, readCompletion, readEmbeddings } from '../../../../src/gateway/api/openai/parsed-request.ts';
import { parseEvents } from '../../sse.ts';
import { checkDamage, checkMutations } from '../mutation.ts';
import { IN_JOB } from '../../../job.ts';

const CHAT = {
  model: 'm',
  messages: [
    { role: 'developer', content: 'be short' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'what' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=', detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'hm',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'done' },
  ],
  tools: [
    {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: { type: 'object', properties: { a: { type: 'number' } } } },
    },
  ],
  tool_choice: { type: 'function', function: { name: 'f' } },
  parallel_tool_calls: false,
  response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' }, strict: true } },
  temperature: 0.5,
  top_p: 0.9,
  seed: 1,
  presence_penalty: 1,
  frequency_penalty: 1,
  stop: ['a', 'b'],
  n: 2,
  max_tokens: 5,
  max_completion_tokens: 6,
  logprobs: true,
  top_logprobs: 2,
  reasoning_effort: 'low',
  stream: true,
  stream_options: { include_usage: true },
  user: 'u',
  metadata: { a: 'b' },
  logit_bias: { 1: 2 },
};
const COMPLETION = {
  model: 'm',
  prompt: ['Once', 'Twice'],
  suffix: 'end',
  echo: true,
  n: 2,
  best_of: 2,
  logprobs: 2,
  max_tokens: 5,
  temperature: 0.5,
  stop: '\n',
  seed: 2,
  stream: true,
  stream_options: { include_usage: true },
  raw: true,
};
const EMBED = { model: 'm', input: ['a', 'b'], encoding_format: 'base64', dimensions: 3, user: 'u' };

const EVENTS: readonly ServerEvent[] = [
  { kind: 'thinking', text: 'hm\n' },
  { kind: 'text', text: 'a\r\n\u2028"', logprobs: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }] },
  { kind: 'tool-call', call: { id: 'call_1', name: 'f', arguments: { a: 1 } } },
  { kind: 'vectors', vectors: [[1, 2]] },
  { kind: 'end', reason: 'stop', usage: { promptTokens: 1, completionTokens: 2 } },
];
const KEEPING = { model: 'm', keepAlive: 5, options: { num_ctx: 2048 } };

/** Checks that a parsed request can be sent and its response encoded. */
function carryOut(parsedRequest: ParsedRequest): void {
  assert.ok(parsedRequest.subrequests.length > 0 && parsedRequest.model !== '');
  let text = '';
  for (const subrequest of parsedRequest.subrequests) {
    for (const body of bodiesOf(subrequest.request)) JSON.parse(body);
    const encoder = subrequest.encoder();
    for (const event of EVENTS) text += encoder.encode(event);
  }
  const rest = parsedRequest.close(parsedRequest.subrequests.map(() => ({ promptTokens: 1, completionTokens: 2 })));
  if (parsedRequest.stream) assert.equal(parseEvents(text + rest).at(-1), '[DONE]');
  else assert.deepEqual([text, typeof JSON.parse(rest)], ['', 'object']);
}

function bodiesOf(request: Subrequest['request']): readonly string[] {
  if (request.kind === 'load') return [];
  if (request.kind === 'chat')
    return [ollama.ollamaChat(request.params, KEEPING).body, openai.openaiChat(request.params, 'm').body];
  if (request.kind === 'completion')
    return [ollama.ollamaCompletion(request.params, KEEPING).body, openai.openaiCompletion(request.params, 'm').body];
  return [ollama.ollamaEmbed(request.params, KEEPING).body, openai.openaiEmbed(request.params, 'm').body];
}

function look(failure: Failure): void {
  const { status, body } = OPENAI.errorResponse(failure);
  assert.equal(status, 400);
  const { error } = JSON.parse(body) as { error: object };
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code']);
}

const LEGACY = {
  model: 'm',
  messages: [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
    { role: 'function', name: 'f', content: 'r' },
  ],
  functions: [{ name: 'f', parameters: { type: 'object' } }, { name: 'g' }],
  function_call: { name: 'f' },
};

const RUNS = IN_JOB ? 1500 : 7000;

for (const [what, whole, read] of [
  ['chat', CHAT, readChat],
  ['chat with functions', LEGACY, readChat],
  ['completion', COMPLETION, readCompletion],
  ['request for embeddings', EMBED, readEmbeddings],
] as const) {
  test(`a ${what} that is as it should be is read`, () => {
    assert.equal(carry(read(Buffer.from(JSON.stringify(whole)), 0)), 'read');
  });

  test(`a ${what}, however it is changed, is read and can be carried out, or is refused with the error object`, () => {
    checkMutations(whole, RUNS, (bytes) => carry(read(bytes, 0)));
  });

  test(`a ${what} whose bytes are damaged is read or refused`, () => {
    checkDamage(whole, (bytes) => carry(read(bytes, 0)));
  });
}

function carry(outcome: FailureOr<ParsedRequest>): 'read' | 'refused' {
  if (outcome.ok) carryOut(outcome.value);
  else look(outcome.failure);
  return outcome.ok ? 'read' : 'refused';
}
