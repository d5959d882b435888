/** A request that waits for a place. */
export interface Waiting {
  readonly request: string;
  readonly places: readonly string[];
  readonly tried: readonly string[];
  readonly again: boolean;
  /** When it came to the gateway. */
  readonly sinceMs: number;
  /** How long it may wait, loads not counted. */
  readonly mostWaitMs: number;
  /** When it is too late for any answer. */
  readonly untilMs: number;
  /** The line's load clock when it joined. */
  readonly loadMsBefore: number;
}

/** Those who wait for one alias. Kept in the order in which they come to their turn, so that nothing is sorted. */
export interface Line {
  readonly name: string;
  /** Were served once and failed through no fault of theirs. */
  readonly again: Map<string, Waiting>;
  readonly onTime: Map<string, Waiting>;
  readonly late: Map<string, Waiting>;
  /** How long its waiters have waited for loads, in all since it began. */
  loadMs: number;
  /** Since when a load keeps them waiting. */
  loadingSinceMs: number | undefined;
}

/** What a request may wait and still be on time. */
const TARGET_MS = 2000;

/** A line in which nobody waits. */
export function createLine(name: string): Line {
  return { name, again: new Map(), onTime: new Map(), late: new Map(), loadMs: 0, loadingSinceMs: undefined };
}

/** How many wait. */
export function sizeOf({ again, onTime, late }: Line): number {
  return again.size + onTime.size + late.size;
}

/** Joins at the end; who has been served before joins those who go first. */
export function join(line: Line, waiting: Waiting): void {
  (waiting.again ? line.again : line.onTime).set(waiting.request, waiting);
}

/** Leaves, from wherever it stood. */
export function leave({ again, onTime, late }: Line, request: string): boolean {
  return onTime.delete(request) || late.delete(request) || again.delete(request);
}

/** Everybody, in no order that matters. */
export function* everybody({ again, onTime, late }: Line): Generator<Waiting> {
  yield* again.values();
  yield* onTime.values();
  yield* late.values();
}

/** Whose turn it may be, the first first: those who were served before, each of whom may go elsewhere; then the first who is still on time, else the first of the late. */
export function* nextOf(line: Line, nowMs: number): Generator<Waiting> {
  yield* line.again.values();
  for (const waiting of line.onTime.values()) {
    if (waitedMs(line, waiting, nowMs) <= TARGET_MS) {
      yield waiting;
      return;
    }
    line.onTime.delete(waiting.request);
    line.late.set(waiting.request, waiting);
  }
  for (const waiting of line.late.values()) {
    yield waiting;
    return;
  }
}

/** Whether one goes before another of another line: who was served before, then who is on time, then who came first. */
export function isBefore(
  a: { readonly line: Line; readonly waiting: Waiting },
  b: { readonly line: Line; readonly waiting: Waiting },
): boolean {
  const order = bandOf(a.line, a.waiting) - bandOf(b.line, b.waiting) || a.waiting.sinceMs - b.waiting.sinceMs;
  return order < 0;
}

function bandOf(line: Line, { request }: Waiting): number {
  return line.again.has(request) ? 0 : line.onTime.has(request) ? 1 : 2;
}

/** The load clock: runs while a load keeps the line waiting. */
export function loadClock(line: Line, nowMs: number): number {
  return line.loadMs + (line.loadingSinceMs === undefined ? 0 : nowMs - line.loadingSinceMs);
}

/** Starts or stops the load clock. */
export function setLoading(line: Line, isLoading: boolean, nowMs: number): void {
  if (isLoading) line.loadingSinceMs ??= nowMs;
  else {
    line.loadMs = loadClock(line, nowMs);
    line.loadingSinceMs = undefined;
  }
}

/** What one has waited for a load, and for everything else. */
export function loadWaitMs(line: Line, waiting: Waiting, nowMs: number): number {
  return Math.max(0, loadClock(line, nowMs) - waiting.loadMsBefore);
}

/** What one has waited, loads not counted. */
export function waitedMs(line: Line, waiting: Waiting, nowMs: number): number {
  return Math.max(0, nowMs - waiting.sinceMs - loadWaitMs(line, waiting, nowMs));
}
