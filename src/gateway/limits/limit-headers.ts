import type { NearestLimit, NearestLimits } from './nearest-limits.ts';

/**
 * Adds OpenAI's and Anthropic's headers about the limits that are nearest; clients read the ones that they know. `dateMs` is now, since 1970.
 */
export function limitHeaders(
  headers: Record<string, string>,
  { requests, tokens }: NearestLimits,
  dateMs: number,
): void {
  if (requests !== undefined) {
    const [limit, remaining] = [String(requests.limit), String(requests.remaining)];
    headers['x-ratelimit-limit-requests'] = limit;
    headers['x-ratelimit-remaining-requests'] = remaining;
    headers['x-ratelimit-reset-requests'] = goDuration(requests.resetMs);
    headers['anthropic-ratelimit-requests-limit'] = limit;
    headers['anthropic-ratelimit-requests-remaining'] = remaining;
    headers['anthropic-ratelimit-requests-reset'] = resetDate(requests, dateMs);
  }
  if (tokens !== undefined) {
    const [limit, remaining] = [String(tokens.limit), String(tokens.remaining)];
    headers['x-ratelimit-limit-tokens'] = limit;
    headers['x-ratelimit-remaining-tokens'] = remaining;
    headers['x-ratelimit-reset-tokens'] = goDuration(tokens.resetMs);
    headers['anthropic-ratelimit-tokens-limit'] = limit;
    headers['anthropic-ratelimit-tokens-remaining'] = remaining;
    headers['anthropic-ratelimit-tokens-reset'] = resetDate(tokens, dateMs);
  }
}

let writtenS = 0;
let written = '1970-01-01T00:00:00Z';

/** RFC 3339 without fractions, as Anthropic writes it; rounded up, so that the limit is unused then. Most are of the same second as the one before. */
function resetDate({ resetMs }: NearestLimit, dateMs: number): string {
  const second = Math.ceil((dateMs + resetMs) / 1000);
  if (second !== writtenS) {
    writtenS = second;
    written = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`;
  }
  return written;
}

/** A duration as Go writes it, which clients parse with `time.ParseDuration`: `12ms`, `1.5s`, `1m0s`. */
export function goDuration(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1000) return whole === 0 ? '0s' : `${String(whole)}ms`;
  const [minutes, rest] = [Math.floor(whole / 60_000), whole % 60_000];
  return `${minutes === 0 ? '' : `${String(minutes)}m`}${String(rest / 1000)}s`;
}
