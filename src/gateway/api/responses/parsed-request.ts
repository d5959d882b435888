import type { Body } from '../dialect/body.ts';
import { readControlled } from '../dialect/litellm-params.ts';
import type { ParsedRequest, ParseResult } from '../../client-dialect.ts';
import type { FailureOr } from '../../exchange.ts';
import { newItemId } from './ids.ts';
import { readResponseRequest } from './request.ts';
import type { ResponseHead } from './response-body.ts';
import { SettingsText } from './settings.ts';
import { ResponseEventEncoder, WholeResponseEncoder } from './encoders.ts';

/** Reads `POST /v1/responses`. */
export function readResponses(bytes: Buffer, nowMs: number): ParseResult {
  return readControlled(bytes, { hasText: true }, (body) => parsedRequestOf(body, nowMs));
}

function parsedRequestOf(body: Body, nowMs: number): FailureOr<ParsedRequest> {
  const read = readResponseRequest(body);
  if (!read.ok) return read;
  const { request, settings, ignoredParams, ...outputOptions } = read.value;
  const { model, stream } = request;
  const head: ResponseHead = {
    id: newItemId('resp'),
    createdAt: Math.floor(nowMs / 1000),
    model,
    settings: new SettingsText(settings),
  };
  const common = { model, ignoredParams, translationFailure: body.translationFailure };
  const modelRequest = { kind: 'chat', params: request } as const;
  if (stream) {
    // Each attempt has its own encoder; a failure continues the stream of the last one.
    let last = new ResponseEventEncoder(head, outputOptions);
    const encoder = (): ResponseEventEncoder => (last = new ResponseEventEncoder(head, outputOptions));
    return {
      ok: true,
      value: {
        ...common,
        stream,
        subrequests: [{ request: modelRequest, stream, encoder }],
        close: () => '',
        errorFrame: (failure) => last.fail(failure),
      },
    };
  }
  let last = new WholeResponseEncoder(head, outputOptions);
  const encoder = (): WholeResponseEncoder => (last = new WholeResponseEncoder(head, outputOptions));
  return {
    ok: true,
    value: {
      ...common,
      stream,
      subrequests: [{ request: modelRequest, stream, encoder }],
      close: () => last.response ?? '',
    },
  };
}
