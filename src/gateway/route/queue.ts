import type { Flow } from './flow.ts';
import { addTo, createBand, moveTo, removeFrom, type Band, type BandPlace } from './band.ts';
import { pushTo, takeFrom, type Heap, type HeapEntry } from './heap.ts';
import { valuesOf } from './list.ts';
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
  /** When it wants its first token; `Infinity` for a retry, which has waited before. */
  readonly dueMs: number;
  readonly estimate: Estimate;
  /** Tokens of its prompt that no backend had in its cache when it came. */
  readonly unreadTokens: number;
  readonly flow: Flow;
  /** It yields to people. */
  readonly batch: boolean;
  /** Its deployments, if it may be taken back from one of them. */
  readonly recallable: readonly string[] | undefined;
  /** Where it stands; `undefined` while it is in no queue. */
  place?: WaiterPlace | undefined;
}

/** The places of a waiter in its queue. */
interface WaiterPlace {
  /** Index of its band in {@link BANDS}. */
  rank: number;
  readonly inBand: BandPlace<Waiter>;
  readonly byTime: HeapEntry<Waiter> | undefined;
  readonly byWait: HeapEntry<Waiter> | undefined;
}

/** The names of the bands of a queue, in their order. */
export const BANDS = ['retries', 'onTime', 'late', 'batch'] as const;

const LATE = BANDS.indexOf('late');

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
  /** Its waiters by the time when it is too late for any response, and by the time without loads at which they have waited for too long. */
  readonly byTime: Heap<Waiter>;
  readonly byWait: Heap<Waiter>;
  /** Waiters that have tried a deployment and are no retries. */
  triedElsewhere: number;
  /** Its place in the order of queues, and whether the current event concerns it. */
  turn: number;
  isTouched: boolean;
  /** None of the first waiters on time is to begin before this; a later one may be. */
  earliestDueMs: number;
  /** Until then a free slot is kept from its waiters, if nothing else changes. */
  keptUntilMs: number;
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
    byTime: [],
    byWait: [],
    triedElsewhere: 0,
    turn: 0,
    isTouched: false,
    earliestDueMs: Number.NEGATIVE_INFINITY,
    keptUntilMs: 0,
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
  const { isRetry, tried, batch, flow, untilMs, sinceMs, loadMsBefore, maxWaitMs } = waiter;
  const name = isRetry ? 'retries' : batch ? 'batch' : 'onTime';
  // The load clock stands still while a waiter waits, and runs while it waits for a load.
  const waitKey = sinceMs - loadMsBefore + maxWaitMs;
  waiter.place = {
    rank: BANDS.indexOf(name),
    inBand: addTo(queue[name], isRetry ? tried.join('\n') : flow.id, waiter),
    byTime: untilMs === Infinity ? undefined : pushTo(queue.byTime, untilMs, waiter),
    byWait: waitKey === Infinity ? undefined : pushTo(queue.byWait, waitKey, waiter),
  };
  if (!isRetry && tried.length > 0) queue.triedElsewhere += 1;
  queue.earliestDueMs = Math.min(queue.earliestDueMs, waiter.dueMs);
}

/** Removes a waiter. */
export function remove(queue: Queue, waiter: Waiter, nowMs: number): void {
  const { place } = waiter;
  if (place === undefined) return;
  sumUp(queue, nowMs);
  // Another waiter may be one of the first now.
  if (place.inBand.band === queue.onTime) queue.earliestDueMs = Number.NEGATIVE_INFINITY;
  removeFrom(place.inBand);
  if (place.byTime !== undefined) takeFrom(queue.byTime, place.byTime);
  if (place.byWait !== undefined) takeFrom(queue.byWait, place.byWait);
  waiter.place = undefined;
  if (!waiter.isRetry && waiter.tried.length > 0) queue.triedElsewhere -= 1;
}

/** Moves a waiter to the late ones. */
export function markLate(queue: Queue, waiter: Waiter): void {
  const { place } = waiter;
  if (place === undefined || place.inBand.band !== queue.onTime) return;
  moveTo(place.inBand, queue.late);
  place.rank = LATE;
}

/** Whether a waiter was moved to the late ones. */
export function isLate({ place }: Waiter): boolean {
  return place?.rank === LATE;
}

/** All waiters, band after band. */
export function* waitersOf(queue: Queue): Generator<Waiter> {
  for (const band of BANDS) yield* valuesOf(queue[band].all);
}

/** When its oldest waiter came to the gateway; `Infinity` without waiters. */
export function oldestSinceMs(queue: Queue): number {
  let oldestMs = Infinity;
  for (const band of BANDS) {
    const { first } = queue[band].all;
    if (first !== undefined) oldestMs = Math.min(oldestMs, first.value.sinceMs);
  }
  return oldestMs;
}

/** Yields the first retry of those that have tried the same deployments. */
export function* firstRetries({ retries }: Queue): Generator<Waiter> {
  if (retries.all.size === 0) return;
  for (const { first } of retries.groups.values()) if (first !== undefined) yield first.value;
}

/** The waiters that a load may be for: the first retries, then the oldest of the first band that has others. */
export function firstWaiters(queue: Queue): readonly Waiter[] {
  const first = queue.onTime.all.first ?? queue.late.all.first ?? queue.batch.all.first;
  const others = first === undefined ? [] : [first.value];
  return queue.retries.all.size === 0 ? others : [...firstRetries(queue), ...others];
}

/**
 * Yields the requests that may go next, in the order of their arrival: retries, then the oldest within its 2 s target, else the oldest
 * late one, else the oldest of a batch. It moves those that are late by this order to the late ones.
 */
export function* inOrderOfArrival(queue: Queue, nowMs: number): Generator<Waiter> {
  yield* firstRetries(queue);
  markLateByWait(queue, nowMs);
  const first = queue.onTime.all.first ?? queue.late.all.first ?? queue.batch.all.first;
  if (first !== undefined) yield first.value;
}

/** Moves the waiters at the head that have waited for longer than the target to the late ones. */
export function markLateByWait(queue: Queue, nowMs: number): void {
  let { first } = queue.onTime.all;
  while (first !== undefined && waitedMs(queue, first.value, nowMs) > TARGET_MS) {
    markLate(queue, first.value);
    ({ first } = queue.onTime.all);
  }
}

/** The place of a waiter's band among the bands. */
export function rankOf({ place }: Waiter): number {
  return place?.rank ?? BANDS.length;
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
  else if (queue.loadingSinceMs !== undefined) {
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
