import type { LimitUnit, NearestLimit, NearestLimits } from './nearest-limits.ts';

/**
 * OpenAI's and Anthropic's headers about the limits that are nearest, as lines of a head; clients read the ones that they know. `dateMs` is now,
 * since 1970.
 */
export function limitLines({ requests, tokens }: NearestLimits, dateMs: number): string {
  return (
    (requests === undefined ? '' : linesOf('requests', requests, dateMs)) +
    (tokens === undefined ? '' : linesOf('tokens', tokens, dateMs))
  );
}

/** Adds the same headers to others. */
export function limitHeaders(headers: Record<string, string>, nearest: NearestLimits, dateMs: number): void {
  for (const line of limitLines(nearest, dateMs).split('\r\n')) {
    const [name = '', value] = line.split(': ', 2);
    if (value !== undefined) headers[name] = value;
  }
}

function linesOf(unit: LimitUnit, nearest: NearestLimit, dateMs: number): string {
  const [limit, remaining] = [String(nearest.limit), String(nearest.remaining)];
  return `x-ratelimit-limit-${unit}: ${limit}\r
x-ratelimit-remaining-${unit}: ${remaining}\r
x-ratelimit-reset-${unit}: ${resetDuration(nearest.resetMs)}\r
anthropic-ratelimit-${unit}-limit: ${limit}\r
anthropic-ratelimit-${unit}-remaining: ${remaining}\r
anthropic-ratelimit-${unit}-reset: ${resetDate(nearest, dateMs)}\r
`;
}

let writtenMs = 0;
let writtenDuration = '0s';

/** Most are those of a minute that has just been used. */
function resetDuration(ms: number): string {
  if (ms !== writtenMs) {
    writtenMs = ms;
    writtenDuration = goDuration(ms);
  }
  return writtenDuration;
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
