/** A request that waits for a slot. */
export interface Waiter {
  readonly request: string;
  readonly deployments: readonly string[];
  readonly tried: readonly string[];
  readonly isRetry: boolean;
  /** When it came to the gateway. */
  readonly sinceMs: number;
  /** How long it may wait, loads not counted. */
  readonly maxWaitMs: number;
  /** When it is too late for any response. */
  readonly untilMs: number;
  /** The queue's load clock when the request joined. */
  readonly loadMsBefore: number;
}

/** The waiters of one alias, in the order of their turns, so that nothing is sorted. */
export interface Queue {
  readonly key: string;
  readonly name: string;
  readonly deployments: readonly string[];
  /** Requests whose attempt failed by no fault of their own. */
  readonly retries: Map<string, Waiter>;
  /** The same by the deployments that they have tried: of these, only the first may go next. */
  readonly retriesByTried: Map<string, Map<string, Waiter>>;
  readonly onTime: Map<string, Waiter>;
  readonly late: Map<string, Waiter>;
  /** Time that its waiters have waited for loads, in all. */
  loadMs: number;
  /** Start of the load that keeps them waiting. */
  loadingSinceMs: number | undefined;
}

/** Wait within which a request is on time, ms. */
const TARGET_MS = 2000;

/** A queue without waiters; `key` is its key in `Fleet.queues`. */
export function createQueue(key: string, name: string, deployments: readonly string[]): Queue {
  return {
    key,
    name,
    deployments,
    retries: new Map(),
    retriesByTried: new Map(),
    onTime: new Map(),
    late: new Map(),
    loadMs: 0,
    loadingSinceMs: undefined,
  };
}

/** Number of waiters. */
export function queueLength({ retries, onTime, late }: Queue): number {
  return retries.size + onTime.size + late.size;
}

/** Appends a waiter; a retry joins the requests that go first. */
export function enqueue(queue: Queue, waiter: Waiter): void {
  if (!waiter.isRetry) {
    queue.onTime.set(waiter.request, waiter);
    return;
  }
  queue.retries.set(waiter.request, waiter);
  const key = waiter.tried.join('\n');
  const group = queue.retriesByTried.get(key);
  if (group === undefined) queue.retriesByTried.set(key, new Map([[waiter.request, waiter]]));
  else group.set(waiter.request, waiter);
}

/** Removes a waiter. */
export function remove({ retries, retriesByTried, onTime, late }: Queue, request: string): void {
  if (onTime.delete(request) || late.delete(request)) return;
  const waiter = retries.get(request);
  if (waiter === undefined) return;
  retries.delete(request);
  const key = waiter.tried.join('\n');
  const group = retriesByTried.get(key);
  group?.delete(request);
  if (group?.size === 0) retriesByTried.delete(key);
}

/** All waiters, in no particular order. */
export function* waitersOf({ retries, onTime, late }: Queue): Generator<Waiter> {
  yield* retries.values();
  yield* onTime.values();
  yield* late.values();
}

/** When its oldest waiter came to the gateway; `Infinity` without waiters. */
export function oldestSinceMs({ retries, onTime, late }: Queue): number {
  let oldestMs = Infinity;
  for (const band of [retries, onTime, late]) {
    const [first] = band.values();
    if (first !== undefined) oldestMs = Math.min(oldestMs, first.sinceMs);
  }
  return oldestMs;
}

/** Yields the requests that may go next: the first retry of those that have tried the same deployments, then the oldest within its 2 s target, else the oldest late one. */
export function* nextWaiters(queue: Queue, nowMs: number): Generator<Waiter> {
  for (const group of queue.retriesByTried.values()) {
    const [first] = group.values();
    if (first !== undefined) yield first;
  }
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

/** A waiter that could get a slot now; `isOwed`: a model was loaded for its queue. */
export interface Contender {
  readonly queue: Queue;
  readonly waiter: Waiter;
  readonly isOwed: boolean;
}

/** Whether a waiter goes before one of another queue: first where it is owed a slot, then retries, then requests on time, then the oldest. */
export function goesBefore(a: Contender, b: Contender): boolean {
  if (a.isOwed !== b.isOwed) return a.isOwed;
  const order = bandOf(a.queue, a.waiter) - bandOf(b.queue, b.waiter) || a.waiter.sinceMs - b.waiter.sinceMs;
  return order < 0;
}

function bandOf(queue: Queue, { request }: Waiter): number {
  return queue.retries.has(request) ? 0 : queue.onTime.has(request) ? 1 : 2;
}

/** The load clock: it runs while a load keeps the queue waiting. */
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

/** A waiter's wait for loads, ms. */
export function loadWaitMs(queue: Queue, waiter: Waiter, nowMs: number): number {
  return Math.max(0, loadClock(queue, nowMs) - waiter.loadMsBefore);
}

/** A waiter's wait without loads, ms. */
export function waitedMs(queue: Queue, waiter: Waiter, nowMs: number): number {
  return Math.max(0, nowMs - waiter.sinceMs - loadWaitMs(queue, waiter, nowMs));
}
