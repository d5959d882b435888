import { Body, parseBody } from '../dialect/body.ts';
import type { ParsedRequest } from '../../client-dialect.ts';
import type { FailureOr } from '../../exchange.ts';
import { newItemId } from './ids.ts';
import { readResponseRequest } from './request.ts';
import type { ResponseHead } from './response-body.ts';
import { ResponseEventEncoder, WholeResponseEncoder } from './encoders.ts';

/** Reads `POST /v1/responses`. */
export function readResponses(bytes: Buffer, nowMs: number): FailureOr<ParsedRequest> {
  const body = parseBody(bytes);
  if (!(body instanceof Body)) return { ok: false, failure: body };
  const read = readResponseRequest(body);
  if (!read.ok) return read;
  const { request, settings, ignoredParams, ...telling } = read.value;
  const { model, stream } = request;
  const head: ResponseHead = { id: newItemId('resp'), createdAt: Math.floor(nowMs / 1000), model, settings };
  const given = { model, ignoredParams };
  const modelRequest = { kind: 'chat', params: request } as const;
  if (stream) {
    // Of each attempt there is one; the last has said what has left.
    let last = new ResponseEventEncoder(head, telling);
    const encoder = (): ResponseEventEncoder => (last = new ResponseEventEncoder(head, telling));
    return {
      ok: true,
      value: {
        ...given,
        stream,
        subrequests: [{ request: modelRequest, stream, encoder }],
        close: () => '',
        errorFrame: (failure) => last.fail(failure),
      },
    };
  }
  let last = new WholeResponseEncoder(head, telling);
  const encoder = (): WholeResponseEncoder => (last = new WholeResponseEncoder(head, telling));
  return {
    ok: true,
    value: {
      ...given,
      stream,
      subrequests: [{ request: modelRequest, stream, encoder }],
      close: () => JSON.stringify(last.response),
    },
  };
}
