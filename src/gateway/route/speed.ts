/**
 * Measured speed of a model on a backend. Prompts are measured in bytes of the request, as far as they differ from the last prompt of
 * the same conversation, without images: tokens are unknown before the server counts them.
 */
export interface Speed {
  /** `undefined` before the first sample. */
  bytesPerMs: number | undefined;
  /** Number of samples in a row that were much faster: cached prompts, or a faster machine. */
  fasterSamples: number;
  /** Factor by which abandoned prefills take longer than other prefills. */
  abandonedFactor: number;
  /** Mean time of a request in its slot, ms. */
  serviceMs: number | undefined;
  loadMs: number | undefined;
}

/** About 2,000 tokens a second. */
const PRIOR_BYTES_PER_MS = 8;
/** A smaller sample measures the clock, not the machine. */
const LEAST_BYTES = 200;
/** Longest time for which an abandoned prompt keeps its slot, ms: then the next request tests the slot. */
const LONGEST_REMAINING_MS = 3000;

/** Nothing is known yet. */
export function unknownSpeed(): Speed {
  return { bytesPerMs: undefined, fasterSamples: 0, abandonedFactor: 1, serviceMs: undefined, loadMs: undefined };
}

/** Records the time to read a prompt. */
export function observePrefill(speed: Speed, bytes: number, tookMs: number): void {
  if (bytes < LEAST_BYTES || !(tookMs > 0)) return;
  const observation = bytes / tookMs;
  const known = speed.bytesPerMs;
  if (known === undefined) {
    speed.bytesPerMs = observation;
    return;
  }
  // A cached prompt is read at once and says nothing about speed, unless 16 follow each other.
  speed.fasterSamples = observation > known * 3 ? speed.fasterSamples + 1 : 0;
  if (speed.fasterSamples > 0 && speed.fasterSamples < 16) return;
  speed.bytesPerMs = known + (observation - known) * (observation < known ? 0.5 : 0.1);
}

/** Expected time for which the server goes on reading an abandoned prompt, ms. */
export function remainingPrefillMs(speed: Speed, bytes: number, elapsedMs: number): number {
  const wholeMs = (bytes / (speed.bytesPerMs ?? PRIOR_BYTES_PER_MS)) * speed.abandonedFactor;
  return Math.min(Math.max(0, wholeMs - elapsedMs), LONGEST_REMAINING_MS);
}

/**
 * Corrects the estimate for abandoned prompts: a request got such a slot, and waited inside the server for `waitedMs`. Without a wait the
 * server may have been idle for long, so the estimate is halved.
 */
export function observeAbandonedPrefill(speed: Speed, expectedMs: number, waitedMs: number): void {
  speed.abandonedFactor =
    waitedMs > 50
      ? Math.min(4, (speed.abandonedFactor * (expectedMs + waitedMs)) / Math.max(1, expectedMs))
      : Math.max(0.05, speed.abandonedFactor * 0.5);
}

/** Records the time of a request in its slot. */
export function observeService(speed: Speed, tookMs: number): void {
  speed.serviceMs = speed.serviceMs === undefined ? tookMs : speed.serviceMs + (tookMs - speed.serviceMs) * 0.2;
}

/** Records the duration of a load, or an upper bound of it: the wait for other models must not count as load time. */
export function observeLoad(speed: Speed, tookMs: number, isExact: boolean): void {
  if (speed.loadMs === undefined) speed.loadMs = tookMs;
  else speed.loadMs = isExact ? speed.loadMs + (tookMs - speed.loadMs) * 0.4 : Math.min(speed.loadMs, tookMs);
}
