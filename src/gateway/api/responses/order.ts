import { Body, parseBody } from '../dialect/body.ts';
import type { Order, Outcome } from '../../exchange.ts';
import { newId } from './ids.ts';
import { readResponseRequest } from './request.ts';
import type { ResponseHead } from './response-body.ts';
import { EventWriter, WholeWriter } from './writers.ts';

/** Reads `POST /v1/responses`. */
export function readResponseOrder(bytes: Buffer, nowMs: number): Outcome<Order> {
  const body = parseBody(bytes);
  if (!(body instanceof Body)) return { ok: false, failure: body };
  const read = readResponseRequest(body);
  if (!read.ok) return read;
  const { request, settings, ignored, ...telling } = read.value;
  const { model, stream } = request;
  const head: ResponseHead = { id: newId('resp'), createdAt: Math.floor(nowMs / 1000), model, settings };
  const given = { model, ignored };
  const asks = { kind: 'chat', request } as const;
  if (stream) {
    // Of each attempt there is one; the last has said what has left.
    let last = new EventWriter(head, telling);
    const writer = (): EventWriter => (last = new EventWriter(head, telling));
    return {
      ok: true,
      value: {
        ...given,
        stream,
        shares: [{ asks, stream, writer }],
        close: () => '',
        frame: (failure) => last.fail(failure),
      },
    };
  }
  let last = new WholeWriter(head, telling);
  const writer = (): WholeWriter => (last = new WholeWriter(head, telling));
  return {
    ok: true,
    value: { ...given, stream, shares: [{ asks, stream, writer }], close: () => JSON.stringify(last.response) },
  };
}
