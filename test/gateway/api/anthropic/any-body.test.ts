import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANTHROPIC } from '../../../../src/gateway/api/anthropic/dialect.ts';
import { readCountTokens, readMessages } from '../../../../src/gateway/api/anthropic/parsed-request.ts';
import type { ParsedRequest } from '../../../../src/gateway/client-dialect.ts';
import type { FailureOr, ServerEvent } from '../../../../src/gateway/exchange.ts';
import * as ollama from '../../../../src/gateway/upstream/ollama/call.ts';
import { renderBody } from '../../../../src/gateway/upstream/ollama/render.ts';
import * as openai from '../../../../src/gateway/upstream/openai/call.ts';
import { checkDamage, checkMutations } from '../mutation.ts';
import { messageOf, parseStream } from './events.ts';
import { WHOLE } from './whole-request.ts';
import { IN_JOB } from '../../../job.ts';

const EVENTS: readonly ServerEvent[] = [
  { kind: 'thinking', text: 'hm\n' },
  { kind: 'text', text: 'a\r\n\u2028"' },
  { kind: 'tool-call', call: { id: 'call_1', name: 'f', arguments: { a: 1 } } },
  { kind: 'end', reason: 'stop', usage: { promptTokens: 1, completionTokens: 2 } },
];
const KEEPING = { model: 'm', keepAlive: 5, options: { num_ctx: 2048 } };

/** Checks that a parsed request can be sent and its response encoded. */
function carryOut(parsedRequest: ParsedRequest): void {
  assert.ok(parsedRequest.subrequests.length === 1 && parsedRequest.model !== '');
  let text = '';
  for (const subrequest of parsedRequest.subrequests) {
    const { request } = subrequest;
    assert.ok(request.kind === 'chat');
    for (const body of [ollama.ollamaChat(request.params, KEEPING).body, openai.openaiChat(request.params, 'm').body])
      JSON.parse(body);
    assert.equal(renderBody(request.params, KEEPING)['_debug_render_only'], true);
    const writes = subrequest.encoder();
    for (const event of EVENTS) text += writes.encode(event);
  }
  const rest = parsedRequest.close([{ promptTokens: 1, completionTokens: 2 }]);
  if (parsedRequest.stream) messageOf(parseStream(text + rest));
  else assert.deepEqual([text, (JSON.parse(rest) as { type: string }).type], ['', 'message']);
}

function carry(outcome: FailureOr<ParsedRequest>): 'read' | 'refused' {
  if (outcome.ok) {
    carryOut(outcome.value);
    return 'read';
  }
  const { status, body } = ANTHROPIC.errorResponse(outcome.failure, 'req_1');
  const {
    type,
    error,
    request_id: id,
  } = JSON.parse(body) as { type: string; error: { type: string; message: string }; request_id: string };
  assert.deepEqual(
    [status, type, error.type, id, Object.keys(error)],
    [400, 'error', 'invalid_request_error', 'req_1', ['type', 'message']],
  );
  assert.notEqual(error.message, '');
  return 'refused';
}

const RUNS = IN_JOB ? 1500 : 6000;

test('a request that is as it should be is read', () => {
  assert.equal(carry(readMessages(Buffer.from(JSON.stringify(WHOLE)))), 'read');
  assert.equal(carry(readCountTokens(Buffer.from(JSON.stringify({ ...WHOLE, max_tokens: undefined })))), 'read');
});

test('a request, however it is changed, is read and can be carried out, or is refused with the error object', () => {
  checkMutations(WHOLE, RUNS, (bytes) => carry(readMessages(bytes)));
});

test('a request whose bytes are damaged is read or refused', () => {
  checkDamage(WHOLE, (bytes) => carry(readMessages(bytes)));
});

test('a request that is nested without end is refused or read, and breaks nothing', () => {
  const deep = (open: string, close: string): string => open.repeat(20_000) + close.repeat(20_000);
  for (const value of [
    deep('[', ']'),
    deep('{"a":', '}').replace(':}', ':1}'),
    deep('{"type":"document","source":{"type":"content","content":[', ']}}'),
  ]) {
    for (const body of [
      `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[${value}]}]}`,
      `{"model":"m","max_tokens":1,"messages":${value}}`,
      `{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}],"tools":[{"type":${value}}],"tool_choice":${value}}`,
    ]) {
      const read = readMessages(Buffer.from(body));
      assert.equal(read.ok, false);
    }
  }
});
