/** A request that waits for a place. */
export interface Waiter {
  readonly request: string;
  readonly deployments: readonly string[];
  readonly tried: readonly string[];
  readonly isRetry: boolean;
  /** When it came to the gateway. */
  readonly sinceMs: number;
  /** How long it may wait, loads not counted. */
  readonly maxWaitMs: number;
  /** When it is too late for any answer. */
  readonly untilMs: number;
  /** The line's load clock when it joined. */
  readonly loadMsBefore: number;
}

/** Those who wait for one alias. Kept in the order in which they come to their turn, so that nothing is sorted. */
export interface Queue {
  readonly name: string;
  /** Were served once and failed through no fault of theirs. */
  readonly retries: Map<string, Waiter>;
  readonly onTime: Map<string, Waiter>;
  readonly late: Map<string, Waiter>;
  /** How long its waiters have waited for loads, in all since it began. */
  loadMs: number;
  /** Since when a load keeps them waiting. */
  loadingSinceMs: number | undefined;
}

/** What a request may wait and still be on time. */
const TARGET_MS = 2000;

/** A line in which nobody waits. */
export function createQueue(name: string): Queue {
  return { name, retries: new Map(), onTime: new Map(), late: new Map(), loadMs: 0, loadingSinceMs: undefined };
}

/** How many wait. */
export function queueLength({ retries, onTime, late }: Queue): number {
  return retries.size + onTime.size + late.size;
}

/** Joins at the end; who has been served before joins those who go first. */
export function enqueue(queue: Queue, waiter: Waiter): void {
  (waiter.isRetry ? queue.retries : queue.onTime).set(waiter.request, waiter);
}

/** Leaves, from wherever it stood. */
export function remove({ retries, onTime, late }: Queue, request: string): boolean {
  return onTime.delete(request) || late.delete(request) || retries.delete(request);
}

/** Everybody, in no order that matters. */
export function* waitersOf({ retries, onTime, late }: Queue): Generator<Waiter> {
  yield* retries.values();
  yield* onTime.values();
  yield* late.values();
}

/** Whose turn it may be, the first first: those who were served before, each of whom may go elsewhere; then the first who is still on time, else the first of the late. */
export function* nextWaiters(queue: Queue, nowMs: number): Generator<Waiter> {
  yield* queue.retries.values();
  for (const waiter of queue.onTime.values()) {
    if (waitedMs(queue, waiter, nowMs) <= TARGET_MS) {
      yield waiter;
      return;
    }
    queue.onTime.delete(waiter.request);
    queue.late.set(waiter.request, waiter);
  }
  for (const waiter of queue.late.values()) {
    yield waiter;
    return;
  }
}

/** Whether one goes before another of another line: who was served before, then who is on time, then who came first. */
export function goesBefore(
  a: { readonly queue: Queue; readonly waiter: Waiter },
  b: { readonly queue: Queue; readonly waiter: Waiter },
): boolean {
  const order = bandOf(a.queue, a.waiter) - bandOf(b.queue, b.waiter) || a.waiter.sinceMs - b.waiter.sinceMs;
  return order < 0;
}

function bandOf(queue: Queue, { request }: Waiter): number {
  return queue.retries.has(request) ? 0 : queue.onTime.has(request) ? 1 : 2;
}

/** The load clock: runs while a load keeps the line waiting. */
export function loadClock(queue: Queue, nowMs: number): number {
  return queue.loadMs + (queue.loadingSinceMs === undefined ? 0 : nowMs - queue.loadingSinceMs);
}

/** Starts or stops the load clock. */
export function setLoading(queue: Queue, isLoading: boolean, nowMs: number): void {
  if (isLoading) queue.loadingSinceMs ??= nowMs;
  else {
    queue.loadMs = loadClock(queue, nowMs);
    queue.loadingSinceMs = undefined;
  }
}

/** What one has waited for a load, and for everything else. */
export function loadWaitMs(queue: Queue, waiter: Waiter, nowMs: number): number {
  return Math.max(0, loadClock(queue, nowMs) - waiter.loadMsBefore);
}

/** What one has waited, loads not counted. */
export function waitedMs(queue: Queue, waiter: Waiter, nowMs: number): number {
  return Math.max(0, nowMs - waiter.sinceMs - loadWaitMs(queue, waiter, nowMs));
}
