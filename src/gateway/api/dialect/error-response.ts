import type { Failure } from '../../exchange.ts';

/** The status of each kind of failure, whatever the dialect. */
export const STATUS: Readonly<Record<Failure['kind'], number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'wrong-method': 405,
  'too-slow': 408,
  'too-large': 413,
  'not-expected': 417,
  limited: 429,
  'large-headers': 431,
  internal: 500,
  upstream: 502,
  overloaded: 503,
  timeout: 504,
};

const LONGEST_WAIT_MS = 59_000;

/** The headers of a refusal. When to come again: the SDKs of OpenAI and Anthropic heed `retry-after-ms`, then `retry-after`, and neither from 60 s on. */
export function refusalHeaders(failure: Failure): Readonly<Record<string, string>> {
  return { 'content-type': 'application/json', ...more(failure) };
}

function more(failure: Failure): Readonly<Record<string, string>> {
  if (failure.kind === 'unauthorized') return { 'www-authenticate': 'Bearer' };
  if (failure.kind === 'wrong-method' && failure.allow !== undefined) return { allow: failure.allow };
  if (failure.retryAfterMs === undefined) return {};
  const ms = Math.min(Math.max(Math.round(failure.retryAfterMs), 1), LONGEST_WAIT_MS);
  // Without a word the SDKs would come again at once, which only adds to the load.
  const retry =
    failure.retryAfterMs > LONGEST_WAIT_MS || failure.shouldRetry === false
      ? { 'x-should-retry': 'false' }
      : failure.shouldRetry === true
        ? { 'x-should-retry': 'true' }
        : {};
  return { 'retry-after': String(Math.ceil(ms / 1000)), 'retry-after-ms': String(ms), ...retry };
}
