/** How long a place took lately to say its first word. */
export interface Latency {
  readonly firstMs: number;
  readonly atMs: number;
}

// A newer one counts so much; what is older than the half-life counts half, so that a place which was slow once is tried again.
const WEIGHT = 0.3;
const HALF_LIFE_MS = 60_000;

/** What is known after another answer. */
export function learned(known: Latency | undefined, firstMs: number, nowMs: number): Latency {
  const before = known === undefined ? firstMs : expectedMs(known, nowMs);
  return { firstMs: before + WEIGHT * (firstMs - before), atMs: nowMs };
}

/** What to reckon with at a time; nothing for a place of which nothing is known, so that it is tried. */
export function expectedMs(known: Latency | undefined, nowMs: number): number {
  return known === undefined ? 0 : known.firstMs * 0.5 ** ((nowMs - known.atMs) / HALF_LIFE_MS);
}
