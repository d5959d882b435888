/**
 * Measured speed of a model on a backend. Prompts are measured in bytes of the request: tokens are unknown before the server counts
 * them.
 */
export interface Speed {
  /** `undefined` before the first sample. */
  bytesPerMs: number | undefined;
  /** Samples in a row that were much faster: cached prompts, or a faster machine. */
  faster: number;
  /** Factor by which an abandoned prefill takes longer than expected. */
  patience: number;
  /** Mean time of a request in its slot, ms. */
  serviceMs: number | undefined;
  loadMs: number | undefined;
}

/** About 2,000 tokens a second. */
const PRIOR_BYTES_PER_MS = 8;
/** A smaller sample measures the clock, not the machine. */
const LEAST_BYTES = 200;
const LONGEST_REST_MS = 120_000;

/** Nothing is known yet. */
export function unknownSpeed(): Speed {
  return { bytesPerMs: undefined, faster: 0, patience: 1, serviceMs: undefined, loadMs: undefined };
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
  // A cached prompt is read at once and says nothing, unless it goes on like that.
  speed.faster = observation > known * 3 ? speed.faster + 1 : 0;
  if (speed.faster > 0 && speed.faster < 16) return;
  speed.bytesPerMs = known + (observation - known) * (observation < known ? 0.5 : 0.1);
}

/** How long the server goes on reading an abandoned prompt, ms. */
export function restOfPrefill(speed: Speed, bytes: number, elapsedMs: number): number {
  const wholeMs = (bytes / (speed.bytesPerMs ?? PRIOR_BYTES_PER_MS)) * speed.patience;
  return Math.min(Math.max(0, wholeMs - elapsedMs), LONGEST_REST_MS);
}

/** A request got the slot of an abandoned prompt after its expected end, and waited inside the server for the rest. */
export function observeRest(speed: Speed, expectedMs: number, waitedMs: number): void {
  speed.patience =
    waitedMs > 50
      ? Math.min(4, (speed.patience * (expectedMs + waitedMs)) / Math.max(1, expectedMs))
      : Math.max(0.5, speed.patience * 0.95);
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
