import type { ClientDialect, Failure } from '../exchange.ts';

interface Shape {
  readonly status: number;
  readonly type: string;
}

const SHAPES: Readonly<Record<Failure['kind'], Shape>> = {
  invalid: { status: 400, type: 'invalid_request_error' },
  unauthorized: { status: 401, type: 'invalid_request_error' },
  'not-found': { status: 404, type: 'invalid_request_error' },
  'wrong-method': { status: 405, type: 'invalid_request_error' },
  'too-slow': { status: 408, type: 'invalid_request_error' },
  'too-large': { status: 413, type: 'invalid_request_error' },
  'not-expected': { status: 417, type: 'invalid_request_error' },
  'large-headers': { status: 431, type: 'invalid_request_error' },
  limited: { status: 429, type: 'requests' },
  overloaded: { status: 503, type: 'server_error' },
  upstream: { status: 502, type: 'server_error' },
  timeout: { status: 504, type: 'server_error' },
  internal: { status: 500, type: 'server_error' },
};

const LONGEST_WAIT_MS = 59_000;

/** What OpenAI's clients understand: its error object, all four keys always there, whatever went wrong. */
export const OPENAI: ClientDialect = {
  refusal: (failure) => ({ status: SHAPES[failure.kind].status, headers: { 'content-type': 'application/json', ...headersOf(failure) }, body: errorBody(failure) }),
  frame: (failure) => `data: ${errorBody(failure)}\n\n`,
  keepAlive: ': keep-alive\n\n',
};

function errorBody(failure: Failure): string {
  return JSON.stringify({ error: { message: failure.message, type: SHAPES[failure.kind].type, param: failure.param ?? null, code: failure.code } });
}

// When to come again: the SDKs heed `retry-after-ms`, then `retry-after`, and neither from 60 s on.
function headersOf(failure: Failure): Readonly<Record<string, string>> {
  if (failure.kind === 'unauthorized') return { 'www-authenticate': 'Bearer' };
  if (failure.kind === 'wrong-method' && failure.allow !== undefined) return { allow: failure.allow };
  if (failure.retryAfterMs === undefined) return {};
  const ms = Math.min(Math.max(Math.round(failure.retryAfterMs), 1), LONGEST_WAIT_MS);
  // Without a word the SDKs would come again at once, which only adds to the load.
  const retry = failure.retryAfterMs > LONGEST_WAIT_MS || failure.shouldRetry === false ? { 'x-should-retry': 'false' } : failure.shouldRetry === true ? { 'x-should-retry': 'true' } : {};
  return { 'retry-after': String(Math.ceil(ms / 1000)), 'retry-after-ms': String(ms), ...retry };
}
