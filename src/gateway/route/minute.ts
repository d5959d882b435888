/** What a place was used for in the current minute. A minute begins with the first use after the one before has ended. */
export interface Minute {
  readonly sinceMs: number;
  readonly requests: number;
  readonly tokens: number;
}

/** What a place may be used for in one minute (`rpm`, `tpm`); `undefined` is without limit. */
export interface MinuteLimits {
  readonly requests: number | undefined;
  readonly tokens: number | undefined;
}

const MINUTE_MS = 60_000;

/** The minute of a place that was not used yet. */
export const UNUSED: Minute = { sinceMs: -MINUTE_MS, requests: 0, tokens: 0 };

/** The minute as it is at a time. */
export function minuteAt(minute: Minute, nowMs: number): Minute {
  return nowMs - minute.sinceMs < MINUTE_MS ? minute : { sinceMs: nowMs, requests: 0, tokens: 0 };
}

/** Counts a request when it is sent, its tokens when they are known. */
export function used(
  minute: Minute,
  more: { readonly requests: number; readonly tokens: number },
  nowMs: number,
): Minute {
  const { sinceMs, requests, tokens } = minuteAt(minute, nowMs);
  return { sinceMs, requests: requests + more.requests, tokens: tokens + more.tokens };
}

/** In how many ms another request may be sent; 0 is now. */
export function waitOf(minute: Minute, limits: MinuteLimits, nowMs: number): number {
  const { sinceMs, requests, tokens } = minuteAt(minute, nowMs);
  const isFull = requests >= (limits.requests ?? Infinity) || tokens >= (limits.tokens ?? Infinity);
  return isFull ? sinceMs + MINUTE_MS - nowMs : 0;
}
