import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ParsedRequest } from '../../../../src/gateway/client-dialect.ts';
import type { ServerEvent } from '../../../../src/gateway/exchange.ts';
import { ollamaChat } from '../../../../src/gateway/upstream/ollama/call.ts';
import { RESPONSES } from '../../../../src/gateway/api/responses/dialect.ts';
import { readResponses } from '../../../../src/gateway/api/responses/parsed-request.ts';
import { checkDamage, checkMutations } from '../mutation.ts';
import { ended } from './parser.ts';
import { parseStream } from './events.ts';
import { IN_JOB } from '../../../job.ts';

const WHOLE = {
  model: 'm',
  instructions: 'be short',
  input: [
    { role: 'developer', content: 'rules' },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'what' },
        { type: 'input_image', detail: 'low', image_url: 'data:image/png;base64,aGk=' },
      ],
    },
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [{ type: 'summary_text', text: 's' }],
      content: [{ type: 'reasoning_text', text: 'hm' }],
    },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
    { type: 'function_call_output', call_id: 'call_1', output: [{ type: 'input_text', text: 'done' }] },
    { type: 'custom_tool_call', call_id: 'call_2', name: 'sql', input: 'select' },
    { type: 'custom_tool_call_output', call_id: 'call_2', output: '1' },
  ],
  tools: [
    { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
    { type: 'custom', name: 'sql', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
    { type: 'namespace', name: 'g', tools: [{ type: 'function', name: 'h' }] },
    { type: 'web_search' },
  ],
  tool_choice: { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] },
  text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' }, strict: true }, verbosity: 'low' },
  reasoning: { effort: 'low', summary: 'auto' },
  include: ['message.output_text.logprobs', 'reasoning.encrypted_content'],
  parallel_tool_calls: false,
  max_output_tokens: 5,
  temperature: 0.5,
  top_p: 0.9,
  top_logprobs: 2,
  truncation: 'auto',
  stream: true,
  stream_options: { include_obfuscation: false },
  store: true,
  metadata: { a: 'b' },
  user: 'u',
};
const EVENTS: readonly ServerEvent[] = [
  { kind: 'thinking', text: 'hm\n' },
  { kind: 'text', text: 'a\r\n\u2028"', logprobs: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }] },
  { kind: 'tool-call', call: { id: 'call_1', name: 'f', arguments: { a: 1 } } },
  ended(),
];

/** Checks that a parsed request can be sent and its response encoded. */
function carryOut(parsedRequest: ParsedRequest): void {
  let text = '';
  for (const subrequest of parsedRequest.subrequests) {
    assert.ok(subrequest.request.kind === 'chat');
    JSON.parse(ollamaChat(subrequest.request.params, { model: 'm', keepAlive: 5, options: {} }).body);
    const encoder = subrequest.encoder();
    for (const event of EVENTS) text += encoder.encode(event);
  }
  const rest = parsedRequest.close([]);
  if (parsedRequest.stream) assert.equal(parseStream(text + rest).at(-1)?.type, 'response.completed');
  else assert.deepEqual([text, (JSON.parse(rest) as { object: string }).object], ['', 'response']);
}

function carry(bytes: Buffer): 'read' | 'refused' {
  const outcome = readResponses(bytes, 0);
  if (outcome.ok) carryOut(outcome.value);
  else {
    const { status, body } = RESPONSES.errorResponse(outcome.failure);
    assert.deepEqual(
      [status, Object.keys((JSON.parse(body) as { error: object }).error)],
      [400, ['message', 'type', 'param', 'code']],
    );
  }
  return outcome.ok ? 'read' : 'refused';
}

const RUNS = IN_JOB ? 1500 : 6000;

test('a request that is as it should be is read', () => {
  assert.equal(carry(Buffer.from(JSON.stringify(WHOLE))), 'read');
});

test('a request, however it is changed, is read and can be carried out, or is refused with the error object', () => {
  checkMutations(WHOLE, RUNS, carry);
});

test('a request whose bytes are damaged is read or refused', () => {
  checkDamage(WHOLE, carry);
});
