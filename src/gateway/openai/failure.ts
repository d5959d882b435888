import type { Failure } from '../exchange.ts';

interface Shape {
  readonly status: number;
  readonly type: string;
}

const SHAPES: Readonly<Record<Failure['kind'], Shape>> = {
  invalid: { status: 400, type: 'invalid_request_error' },
  unauthorized: { status: 401, type: 'invalid_request_error' },
  'not-found': { status: 404, type: 'invalid_request_error' },
  'wrong-method': { status: 405, type: 'invalid_request_error' },
  'too-large': { status: 413, type: 'invalid_request_error' },
  overloaded: { status: 503, type: 'server_error' },
  upstream: { status: 502, type: 'server_error' },
  timeout: { status: 504, type: 'server_error' },
  internal: { status: 500, type: 'server_error' },
};

/** The status that a failure is answered with. */
export function statusOf(failure: Failure): number {
  return SHAPES[failure.kind].status;
}

/** A failure as OpenAI's error object, all four keys always there. */
export function errorBody(failure: Failure): string {
  return JSON.stringify({ error: { message: failure.message, type: SHAPES[failure.kind].type, param: failure.param ?? null, code: failure.code } });
}

/** When to come again: the SDKs heed `retry-after-ms`, then `retry-after`, and neither from 60 s on. */
export function retryHeaders(failure: Failure): Readonly<Record<string, string>> {
  if (failure.retryAfterMs === undefined) return {};
  const ms = Math.min(Math.max(Math.round(failure.retryAfterMs), 1), 59_000);
  return { 'retry-after': String(Math.ceil(ms / 1000)), 'retry-after-ms': String(ms) };
}
