import type { NearestLimit } from './limiter.ts';

/** OpenAI's and Anthropic's headers about a limit of requests; clients read the ones that they know. `dateMs` is now, since 1970. */
export function limitHeaders({ limit, remaining, resetMs }: NearestLimit, dateMs: number): Record<string, string> {
  const [most, left] = [String(limit), String(remaining)];
  return {
    'x-ratelimit-limit-requests': most,
    'x-ratelimit-remaining-requests': left,
    'x-ratelimit-reset-requests': goDuration(resetMs),
    'anthropic-ratelimit-requests-limit': most,
    'anthropic-ratelimit-requests-remaining': left,
    // RFC 3339 without fractions, as Anthropic writes it; rounded up, so that the limit is unused then.
    'anthropic-ratelimit-requests-reset': `${new Date(Math.ceil((dateMs + resetMs) / 1000) * 1000).toISOString().slice(0, 19)}Z`,
  };
}

/** A duration as Go writes it, which clients parse with `time.ParseDuration`: `12ms`, `1.5s`, `1m0s`. */
export function goDuration(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole < 1000) return whole === 0 ? '0s' : `${String(whole)}ms`;
  const [minutes, rest] = [Math.floor(whole / 60_000), whole % 60_000];
  return `${minutes === 0 ? '' : `${String(minutes)}m`}${String(rest / 1000)}s`;
}
