import type { Body } from '../dialect/body.ts';
import { readControlled } from '../dialect/litellm-params.ts';
import type { ParsedRequest, ParseResult } from '../../client-dialect.ts';
import type { FailureOr } from '../../exchange.ts';
import { MessageEventEncoder } from './message-event-encoder.ts';
import type { MessageHead } from './message-body.ts';
import { newMessageId } from './ids.ts';
import { MessageEncoder } from './message-encoder.ts';
import { readMessageRequest } from './request.ts';

/** Reads `POST /v1/messages`. */
export function readMessages(bytes: Buffer): ParseResult {
  return readControlled(bytes, { hasText: true }, (body) => parsedRequestOf(body, false));
}

/** Reads `POST /v1/messages/count_tokens`: the tokens of the prompt are counted, and no response is generated. */
export function readCountTokens(bytes: Buffer): ParseResult {
  return readControlled(bytes, { hasText: true }, (body) => parsedRequestOf(body, true));
}

function parsedRequestOf(body: Body, counting: boolean): FailureOr<ParsedRequest> {
  const read = readMessageRequest(body, counting);
  if (!read.ok) return read;
  const { request, stream, maxTokens, thinking, ignoredParams } = read.value;
  const { model } = request;
  const head: MessageHead = { id: newMessageId('msg'), model, maxTokens, thinking };
  const { translationFailure } = body;
  const common = { model, stream: stream && !counting, ignoredParams, translationFailure };
  const modelRequest = { kind: 'chat', params: request } as const;
  if (common.stream)
    return {
      ok: true,
      value: {
        ...common,
        subrequests: [{ request: modelRequest, stream, encoder: () => new MessageEventEncoder(head) }],
        close: () => '',
      },
    };
  let last = new MessageEncoder(head);
  return {
    ok: true,
    value: {
      ...common,
      subrequests: [{ request: modelRequest, stream: false, encoder: () => (last = new MessageEncoder(head)) }],
      close: () => JSON.stringify(last.message),
    },
  };
}
