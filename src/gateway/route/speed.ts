/** How fast a model on a server was seen to be. Prompts are measured in bytes of the request: nobody counts tokens before the server does. */
export interface Speed {
  /** `undefined` before the first sample. */
  bytesPerMs: number | undefined;
  /** Samples in a row that were much faster: prompts that were known already, or a machine that got faster. */
  faster: number;
  /** By how much an abandoned prefill lasts longer than expected. */
  patience: number;
  /** Mean of what a request spends in its slot, ms. */
  serviceMs: number | undefined;
  loadMs: number | undefined;
}

/** Some 2,000 tokens a second. */
const PRIOR_BYTES_PER_MS = 8;
/** Below that a sample says more about the clock than about the machine. */
const LEAST_BYTES = 200;
const LONGEST_REST_MS = 120_000;

/** Nothing is known yet. */
export function unknownSpeed(): Speed {
  return { bytesPerMs: undefined, faster: 0, patience: 1, serviceMs: undefined, loadMs: undefined };
}

/** A prompt has been read in so long. */
export function observePrefill(speed: Speed, bytes: number, tookMs: number): void {
  if (bytes < LEAST_BYTES || !(tookMs > 0)) return;
  const observation = bytes / tookMs;
  const known = speed.bytesPerMs;
  if (known === undefined) {
    speed.bytesPerMs = observation;
    return;
  }
  // A cached prompt is read at once, which says nothing; not so if that goes on and on.
  speed.faster = observation > known * 3 ? speed.faster + 1 : 0;
  if (speed.faster > 0 && speed.faster < 16) return;
  speed.bytesPerMs = known + (observation - known) * (observation < known ? 0.5 : 0.1);
}

/** How long the server goes on reading a prompt that nobody wants any more, ms. */
export function restOfPrefill(speed: Speed, bytes: number, elapsedMs: number): number {
  const wholeMs = (bytes / (speed.bytesPerMs ?? PRIOR_BYTES_PER_MS)) * speed.patience;
  return Math.min(Math.max(0, wholeMs - elapsedMs), LONGEST_REST_MS);
}

/** The next request got the slot of an abandoned one after it was expected to be free, and waited so long there for it. */
export function observeRest(speed: Speed, expectedMs: number, waitedMs: number): void {
  speed.patience =
    waitedMs > 50
      ? Math.min(4, (speed.patience * (expectedMs + waitedMs)) / Math.max(1, expectedMs))
      : Math.max(0.5, speed.patience * 0.95);
}

/** A request was in its slot for so long. */
export function observeService(speed: Speed, tookMs: number): void {
  speed.serviceMs = speed.serviceMs === undefined ? tookMs : speed.serviceMs + (tookMs - speed.serviceMs) * 0.2;
}

/** A load took so long, or that at most: what it waited for others must not add up to what loads are expected to take. */
export function observeLoad(speed: Speed, tookMs: number, isExact: boolean): void {
  if (speed.loadMs === undefined) speed.loadMs = tookMs;
  else speed.loadMs = isExact ? speed.loadMs + (tookMs - speed.loadMs) * 0.4 : Math.min(speed.loadMs, tookMs);
}
