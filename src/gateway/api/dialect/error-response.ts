import type { Failure } from '../../exchange.ts';

/** The HTTP status of each kind of failure, in every dialect unless it overrides one. */
export const STATUS: Readonly<Record<Failure['kind'], number>> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'wrong-method': 405,
  'too-slow': 408,
  'too-large': 413,
  'unknown-coding': 415,
  'not-expected': 417,
  limited: 429,
  'large-headers': 431,
  internal: 500,
  'unknown-transfer-coding': 501,
  upstream: 502,
  overloaded: 503,
  timeout: 504,
};

const MAX_RETRY_AFTER_MS = 59_000;
/** LiteLLM's value for rate limits, for which the SDKs are told not to retry by themselves. */
const RATE_LIMITED_MS = 60_000;

/**
 * The headers of an error response. The SDKs of OpenAI and Anthropic use `retry-after-ms`, then `retry-after`, and ignore both from
 * 60 s on.
 */
export function errorHeaders(failure: Failure): Readonly<Record<string, string>> {
  return { 'content-type': 'application/json', ...conditionalHeaders(failure) };
}

function conditionalHeaders(failure: Failure): Readonly<Record<string, string>> {
  if (failure.kind === 'unauthorized') return { 'www-authenticate': 'Bearer' };
  if (failure.kind === 'wrong-method' && failure.allow !== undefined) return { allow: failure.allow };
  if (failure.accept !== undefined) return { 'accept-encoding': failure.accept };
  if (failure.retryAfterMs === undefined) return failure.shouldRetry === false ? { 'x-should-retry': 'false' } : {};
  const mostMs = failure.kind === 'limited' ? RATE_LIMITED_MS : MAX_RETRY_AFTER_MS;
  const ms = Math.min(Math.max(Math.round(failure.retryAfterMs), 1), mostMs);
  // Without `x-should-retry: false` the SDKs would retry at once, which only adds to the load.
  const retry =
    failure.shouldRetry === false || (failure.retryAfterMs > MAX_RETRY_AFTER_MS && failure.shouldRetry !== true)
      ? { 'x-should-retry': 'false' }
      : failure.shouldRetry === true
        ? { 'x-should-retry': 'true' }
        : {};
  return { 'retry-after': String(Math.ceil(ms / 1000)), 'retry-after-ms': String(ms), ...retry };
}
