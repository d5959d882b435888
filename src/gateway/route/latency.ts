/** Recent time to the first content of a deployment. */
export interface Latency {
  readonly firstMs: number;
  readonly atMs: number;
}

// Weight of a new sample. An old value decays with this half-life, so that a deployment that was slow once is tried again.
const WEIGHT = 0.3;
const HALF_LIFE_MS = 60_000;

/** The latency after another response. */
export function withSample(known: Latency | undefined, firstMs: number, nowMs: number): Latency {
  const before = known === undefined ? firstMs : expectedMs(known, nowMs);
  return { firstMs: before + WEIGHT * (firstMs - before), atMs: nowMs };
}

/** The expected time to first content; 0 for a deployment without samples, so that it is tried. */
export function expectedMs(known: Latency | undefined, nowMs: number): number {
  return known === undefined ? 0 : known.firstMs * 0.5 ** ((nowMs - known.atMs) / HALF_LIFE_MS);
}
