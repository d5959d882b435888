import type { Flow } from './flow.ts';
import { addTo, createBand, removeFrom, type Band } from './band.ts';
import type { Estimate } from './work.ts';

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
  /** When it joined the queue, and its wait for loads in earlier attempts, ms. */
  readonly queuedMs: number;
  readonly loadedMs: number;
  /** When it wants its first token. */
  readonly dueMs: number;
  readonly estimate: Estimate;
  /** Tokens of its prompt that no backend had in its cache when it came. */
  readonly unreadTokens: number;
  readonly flow: Flow;
  /** It yields to people. */
  readonly batch: boolean;
}

/** The names of the bands of a queue, in their order. */
export const BANDS = ['retries', 'onTime', 'late', 'batch'] as const;

/** The waiters of one alias, in bands, so that nothing is sorted. */
export interface Queue extends Readonly<Record<(typeof BANDS)[number], Band<Waiter>>> {
  readonly key: string;
  readonly name: string;
  readonly deployments: readonly string[];
  /** Time that its waiters have waited for loads, in all. */
  loadMs: number;
  /** Start of the load that keeps them waiting. */
  loadingSinceMs: number | undefined;
  /** Sum of the times that its waiters have waited since it was empty, ms, until `summedAtMs`. */
  waitSumMs: number;
  summedAtMs: number;
}

/** Wait within which a request is on time, ms. */
const TARGET_MS = 2000;

/** A queue without waiters; `key` is its key in `Fleet.queues`. */
export function createQueue(key: string, name: string, deployments: readonly string[], nowMs: number): Queue {
  return {
    key,
    name,
    deployments,
    retries: createBand(),
    onTime: createBand(),
    late: createBand(),
    batch: createBand(),
    loadMs: 0,
    loadingSinceMs: undefined,
    waitSumMs: 0,
    summedAtMs: nowMs,
  };
}

/** Number of waiters. */
export function queueLength({ retries, onTime, late, batch }: Queue): number {
  return retries.all.size + onTime.all.size + late.all.size + batch.all.size;
}

/** Sum of the times that its waiters have waited, ms. */
export function waitSumMs(queue: Queue, nowMs: number): number {
  return queue.waitSumMs + queueLength(queue) * (nowMs - queue.summedAtMs);
}

/** Appends a waiter; a retry joins the requests that go first. */
export function enqueue(queue: Queue, waiter: Waiter, nowMs: number): void {
  sumUp(queue, nowMs);
  const { request, isRetry, tried, batch, flow } = waiter;
  if (isRetry) addTo(queue.retries, tried.join('\n'), request, waiter);
  else addTo(batch ? queue.batch : queue.onTime, flow.id, request, waiter);
}

/** Removes a waiter. */
export function remove(queue: Queue, { request, tried, flow }: Waiter, nowMs: number): void {
  sumUp(queue, nowMs);
  if (removeFrom(queue.retries, tried.join('\n'), request)) return;
  for (const band of ['onTime', 'late', 'batch'] as const) if (removeFrom(queue[band], flow.id, request)) return;
}

/** Moves a waiter to the late ones. */
export function markLate(queue: Queue, waiter: Waiter): void {
  if (removeFrom(queue.onTime, waiter.flow.id, waiter.request))
    addTo(queue.late, waiter.flow.id, waiter.request, waiter);
}

/** All waiters, in no particular order. */
export function* waitersOf(queue: Queue): Generator<Waiter> {
  for (const band of BANDS) yield* queue[band].all.values();
}

/** When its oldest waiter came to the gateway; `Infinity` without waiters. */
export function oldestSinceMs(queue: Queue): number {
  let oldestMs = Infinity;
  for (const band of BANDS) {
    const [first] = queue[band].all.values();
    if (first !== undefined) oldestMs = Math.min(oldestMs, first.sinceMs);
  }
  return oldestMs;
}

/** Yields the first retry of those that have tried the same deployments. */
export function* firstRetries({ retries }: Queue): Generator<Waiter> {
  for (const group of retries.groups.values()) {
    const [first] = group.values();
    if (first !== undefined) yield first;
  }
}

/** Yields the waiters that a load may be for: the first retries, then the oldest of the first band that has others. Changes nothing. */
export function* firstWaiters(queue: Queue): Generator<Waiter> {
  yield* firstRetries(queue);
  for (const { all } of [queue.onTime, queue.late, queue.batch]) {
    const [first] = all.values();
    if (first === undefined) continue;
    yield first;
    return;
  }
}

/**
 * Yields the requests that may go next, in the order of their arrival: retries, then the oldest within its 2 s target, else the oldest
 * late one, else the oldest of a batch. It moves those that are late by this order to the late ones.
 */
export function* inOrderOfArrival(queue: Queue, nowMs: number): Generator<Waiter> {
  yield* firstRetries(queue);
  for (const waiter of queue.onTime.all.values()) {
    if (waitedMs(queue, waiter, nowMs) <= TARGET_MS) {
      yield waiter;
      return;
    }
    markLate(queue, waiter);
  }
  for (const { all } of [queue.late, queue.batch]) {
    const [first] = all.values();
    if (first === undefined) continue;
    yield first;
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
  return BANDS.findIndex((band) => queue[band].all.has(request));
}

function sumUp(queue: Queue, nowMs: number): void {
  const length = queueLength(queue);
  queue.waitSumMs = length === 0 ? 0 : waitSumMs(queue, nowMs);
  queue.summedAtMs = nowMs;
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

/** A waiter's wait in the queue, without loads and earlier attempts, ms. */
export function queuedForMs(queue: Queue, waiter: Waiter, nowMs: number): number {
  return Math.max(0, nowMs - waiter.queuedMs - (loadWaitMs(queue, waiter, nowMs) - waiter.loadedMs));
}

/** A waiter's wait without loads, ms. */
export function waitedMs(queue: Queue, waiter: Waiter, nowMs: number): number {
  return Math.max(0, nowMs - waiter.sinceMs - loadWaitMs(queue, waiter, nowMs));
}
