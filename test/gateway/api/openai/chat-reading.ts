import assert from 'node:assert/strict';
import { readChat } from '../../../../src/gateway/api/openai/parsed-request.ts';
import type { ParsedRequest } from '../../../../src/gateway/client-dialect.ts';
import type { ChatRequest, Failure } from '../../../../src/gateway/exchange.ts';

const HI = { model: 'm', messages: [{ role: 'user', content: 'hi' }] };

/** Reads a chat request with these fields beside a model and a message; it must be accepted. */
export function readParsedRequest(more: object): ParsedRequest {
  const parsedRequest = readChat(Buffer.from(JSON.stringify({ ...HI, ...more })), 0);
  assert.ok(parsedRequest.ok, JSON.stringify(parsedRequest));
  return parsedRequest.value;
}

/** The chats that such a request asks a server for. */
export function readAll(more: object): readonly ChatRequest[] {
  return readParsedRequest(more).subrequests.map(({ request }) => {
    assert.equal(request.kind, 'chat');
    return request.params;
  });
}

/** The first of them. */
export function read(more: object): ChatRequest {
  const [request] = readAll(more);
  assert.ok(request !== undefined);
  return request;
}

/** The failure of such a request, which must be refused. */
export function refuse(more: object): Failure {
  const parsedRequest = readChat(Buffer.from(JSON.stringify({ ...HI, ...more })), 0);
  assert.ok(!parsedRequest.ok, `taken: ${JSON.stringify(more)}`);
  return parsedRequest.failure;
}
