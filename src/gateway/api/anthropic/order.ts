import { Body, parseBody } from '../dialect/body.ts';
import type { Order, Outcome } from '../../exchange.ts';
import { EventWriter } from './event-writer.ts';
import type { MessageHead } from './head.ts';
import { newId } from './ids.ts';
import { MessageWriter } from './message-writer.ts';
import { readMessageRequest } from './request.ts';

/** Reads `POST /v1/messages`. */
export function readMessageOrder(bytes: Buffer): Outcome<Order> {
  return orderOf(bytes, false);
}

/** Reads `POST /v1/messages/count_tokens`: an order whose prompt is to be counted, and not to be answered. */
export function readCountOrder(bytes: Buffer): Outcome<Order> {
  return orderOf(bytes, true);
}

function orderOf(bytes: Buffer, counting: boolean): Outcome<Order> {
  const body = parseBody(bytes);
  if (!(body instanceof Body)) return { ok: false, failure: body };
  const read = readMessageRequest(body, counting);
  if (!read.ok) return read;
  const { request, stream, maxTokens, thinking, ignored } = read.value;
  const { model } = request;
  const head: MessageHead = { id: newId('msg'), model, maxTokens, thinking };
  const given = { model, stream: stream && !counting, ignored };
  const asks = { kind: 'chat', request } as const;
  if (given.stream)
    return {
      ok: true,
      value: { ...given, shares: [{ asks, stream, writer: () => new EventWriter(head) }], close: () => '' },
    };
  let last = new MessageWriter(head);
  return {
    ok: true,
    value: {
      ...given,
      shares: [{ asks, stream: false, writer: () => (last = new MessageWriter(head)) }],
      close: () => JSON.stringify(last.message),
    },
  };
}
