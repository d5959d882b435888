import assert from 'node:assert/strict';
import type { ParsedRequest } from '../../../../src/gateway/client-dialect.ts';
import type { ChatRequest, Failure, ServerEvent } from '../../../../src/gateway/exchange.ts';
import { readResponses } from '../../../../src/gateway/api/responses/parsed-request.ts';
import { parseStream, type StreamedEvent } from './events.ts';

/** Parses a request that must be valid. */
export function parsedRequestOf(more: object): ParsedRequest {
  const read = readResponses(Buffer.from(JSON.stringify({ model: 'm', input: 'hi', ...more })), 1_700_000_000_000);
  assert.ok(read.ok, JSON.stringify(read));
  return read.value;
}

/** The model request of a parsed request. */
export function chatOf(more: object): ChatRequest {
  const request = parsedRequestOf(more).subrequests[0]?.request;
  assert.ok(request?.kind === 'chat');
  return request.params;
}

/** The failure of an invalid request. */
export function failureOf(more: object): Failure {
  const read = readResponses(Buffer.from(JSON.stringify({ model: 'm', input: 'hi', ...more })), 0);
  assert.ok(!read.ok);
  return read.failure;
}

/** The stream that a client gets for these backend events. */
export function streamOf(more: object, events: readonly ServerEvent[]): readonly StreamedEvent[] {
  const parsedRequest = parsedRequestOf({ ...more, stream: true });
  const encoder = parsedRequest.subrequests[0]?.encoder();
  return parseStream(events.map((event) => encoder?.encode(event) ?? '').join('') + parsedRequest.close([]));
}

/** The body that a client gets for these backend events. */
export function bodyOf(more: object, events: readonly ServerEvent[]): Readonly<Record<string, unknown>> {
  const parsedRequest = parsedRequestOf(more);
  const encoder = parsedRequest.subrequests[0]?.encoder();
  for (const event of events) assert.equal(encoder?.encode(event), '');
  return JSON.parse(parsedRequest.close([])) as Readonly<Record<string, unknown>>;
}

/** The end of a response. */
export function ended(reason: 'stop' | 'length' | 'tool-calls' = 'stop'): ServerEvent {
  return { kind: 'end', reason, usage: { promptTokens: 5, completionTokens: 3 } };
}
