/** Use of a deployment in the current minute. A minute begins with the first use after the end of the last one. */
export interface RateWindow {
  readonly sinceMs: number;
  readonly requests: number;
  readonly tokens: number;
}

/** Limits of a deployment for each minute (`rpm`, `tpm`); `undefined` is no limit. */
export interface RateLimits {
  readonly requests: number | undefined;
  readonly tokens: number | undefined;
}

const WINDOW_MS = 60_000;

/** The window of an unused deployment. */
export const EMPTY_WINDOW: RateWindow = { sinceMs: -WINDOW_MS, requests: 0, tokens: 0 };

/** The window at a time. */
export function windowAt(rateWindow: RateWindow, nowMs: number): RateWindow {
  return nowMs - rateWindow.sinceMs < WINDOW_MS ? rateWindow : { sinceMs: nowMs, requests: 0, tokens: 0 };
}

/** Counts a request when it is sent, and its tokens when they are known. */
export function countUse(
  rateWindow: RateWindow,
  more: { readonly requests: number; readonly tokens: number },
  nowMs: number,
): RateWindow {
  const { sinceMs, requests, tokens } = windowAt(rateWindow, nowMs);
  return { sinceMs, requests: requests + more.requests, tokens: tokens + more.tokens };
}

/** Time until another request may be sent, ms; 0 is now. */
export function retryIn(rateWindow: RateWindow, limits: RateLimits, nowMs: number): number {
  const { sinceMs, requests, tokens } = windowAt(rateWindow, nowMs);
  const isFull = requests >= (limits.requests ?? Infinity) || tokens >= (limits.tokens ?? Infinity);
  return isFull ? sinceMs + WINDOW_MS - nowMs : 0;
}
