import { goesFirst, leadS, type Flow } from './flow.ts';
import type { Band } from './band.ts';
import { isUp, warmOf } from './candidate.ts';
import { busyModels, priceS } from './cost.ts';
import { createDemand, type Demand } from './demand.ts';
import type { Backend, Fleet } from './fleet.ts';
import type { ListEntry } from './list.ts';
import { OnTimeJobs } from './on-time.ts';
import { retriesFirst, type NextWaiter } from './order.ts';
import { markLate, type Queue, type Waiter } from './queue.ts';
import { poolOf } from './pool.ts';
import { prefillRate } from './rates.ts';
import type { Replica } from './replica.ts';

/** Waiters of a queue that are looked at for one decision. */
const MOST_JOBS = 64;
/** Callers that are looked at for one decision, in the order in which they began to wait. */
const MOST_CALLERS = 1000;
/** Part of a backend that a model has while others work there. */
const SHARED = 0.55;
/** Between the assignment of a slot and the first token, without the prompt, s. */
const START_S = 0.1;
/** Callers whose time of servers differs by no more are served by the time at which their requests are due, s. */
const EVEN_S = 15;
/** A waiter is late if less than this is left to its target, ms. */
const LEAST_LEFT_MS = 200;

/** Used again for each decision, and empty between two of them. */
const jobs = new OnTimeJobs<Waiter>(MOST_JOBS);
const heads: (ListEntry<Waiter> | undefined)[] = [];

/**
 * Retries; then, of the waiters that can all begin in time, those of the caller that has had least, and among callers that have had about
 * the same the one that is due first; then the others, those of the caller that has had least first; then batches.
 */
export function fairOrder(fleet: Fleet, queue: Queue, nowMs: number): Iterable<NextWaiter> {
  return queue.retries.all.size === 0 ? othersInOrder(fleet, queue, nowMs) : withRetries(fleet, queue, nowMs);
}

function* withRetries(fleet: Fleet, queue: Queue, nowMs: number): Generator<NextWaiter> {
  yield* retriesFirst(queue);
  yield* othersInOrder(fleet, queue, nowMs);
}

function othersInOrder(fleet: Fleet, queue: Queue, nowMs: number): readonly NextWaiter[] {
  const onTime = firstOnTime(fleet, queue, nowMs);
  if (onTime !== undefined) return [{ waiter: onTime, late: false }];
  const late = firstOf(queue.late, queue.onTime) ?? firstOf(queue.batch);
  return late === undefined ? [] : [{ waiter: late, late: true }];
}

/** The replicas of a queue that serve it now, as full replicas of the fastest of them. */
export interface Capacity {
  readonly count: number;
  /** Requests that they can serve in a second. */
  readonly rate: number;
  readonly fastest: Replica | undefined;
}

/** The capacity of the replicas with the model of a queue in memory. */
export function capacityOf(fleet: Fleet, { deployments, name }: Pick<Queue, 'deployments' | 'name'>): Capacity {
  const demand = fleet.demands.get(name);
  let [rate, most] = [0, 0];
  let fastest: Replica | undefined;
  for (const { backend, replica } of warmOf(poolOf(fleet, deployments))) {
    if (!isUp(backend)) continue;
    const own = serviceRate(fleet, backend, replica, demand);
    rate += own;
    if (own <= most) continue;
    most = own;
    fastest = replica;
  }
  return { count: most === 0 ? 1 : rate / most, rate, fastest };
}

const UNKNOWN = createDemand(0);

/** Requests of an alias that a full replica serves in a second. */
export function serviceRate(fleet: Fleet, backend: Backend, replica: Replica, demand: Demand = UNKNOWN): number {
  const { promptTokens, coveredShare, outTokens } = demand;
  const part = busyModels(backend) > (replica.inFlight > 0 ? 1 : 0) ? SHARED : 1;
  return part / priceS(fleet, replica, promptTokens * (1 - coveredShare), outTokens);
}

function firstOnTime(fleet: Fleet, queue: Queue, nowMs: number): Waiter | undefined {
  markLateByTarget(queue, nowMs);
  const { onTime } = queue;
  if (onTime.all.size === 0) return undefined;
  if (onTime.all.size === 1) return onTime.all.first?.value;
  const { count, fastest } = capacityOf(fleet, queue);
  if (fastest === undefined) return firstOf(onTime);
  // After an error there are jobs of an earlier decision.
  jobs.clear();
  addFirst(fleet, fastest, count, onTime, nowMs);
  jobs.choose(count);
  const first = firstDue(fleet);
  jobs.clear();
  return first;
}

/**
 * The job that is due first, of the caller that has had least and of those that have had little more. While other aliases wait, the
 * oldest of that caller: the loads follow the oldest waiter.
 */
function firstDue(fleet: Fleet): Waiter | undefined {
  let least: Waiter | undefined;
  for (let index = 0; index < jobs.size; index += 1) {
    const waiter = jobs.isChosen(index) ? jobs.valueAt(index) : undefined;
    if (waiter !== undefined && (least === undefined || isBefore(waiter, least))) least = waiter;
  }
  if (least === undefined || fleet.queues.size > 1) return least;
  let first: Waiter | undefined;
  let firstLeftS = Infinity;
  for (let index = 0; index < jobs.size; index += 1) {
    const waiter = jobs.isChosen(index) ? jobs.valueAt(index) : undefined;
    if (waiter === undefined || !areEven(waiter.flow, least.flow)) continue;
    if (first !== undefined && jobs.leftSAt(index) >= firstLeftS) continue;
    first = waiter;
    firstLeftS = jobs.leftSAt(index);
  }
  return first;
}

// A caller with more requests in the gateway may be one that a slot is kept from.
function areEven(flow: Flow, least: Flow): boolean {
  return flow === least || (flow.live <= least.live + 1 && leadS(flow, least) <= EVEN_S);
}

/** Moves the first waiters that are late to the late ones. */
export function markLateByTarget(queue: Queue, nowMs: number): void {
  if (nowMs <= queue.earliestDueMs - LEAST_LEFT_MS) return;
  let looked = 0;
  let earliestMs = Infinity;
  let entry = queue.onTime.all.first;
  while (entry !== undefined && looked < MOST_JOBS) {
    const { value: waiter, after } = entry;
    const { dueMs } = waiter;
    if (nowMs > dueMs - LEAST_LEFT_MS) markLate(queue, waiter);
    else {
      earliestMs = Math.min(earliestMs, dueMs);
      looked += 1;
    }
    entry = after;
  }
  queue.earliestDueMs = earliestMs;
}

// The first waiters of every caller in turn, so that a caller with many does not hide the others.
function addFirst(fleet: Fleet, fastest: Replica, count: number, { all, groups }: Band<Waiter>, nowMs: number): void {
  if (all.size <= MOST_JOBS) {
    for (let entry = all.first; entry !== undefined; entry = entry.after)
      addJob(fleet, fastest, count, entry.value, nowMs);
    return;
  }
  let size = 0;
  for (const { first } of groups.values()) {
    // More callers have no request that is looked at.
    if (size === MOST_JOBS) break;
    heads[size] = first;
    size += 1;
  }
  const opened = size;
  while (size > 0 && jobs.size < MOST_JOBS) {
    let kept = 0;
    for (let index = 0; index < size && jobs.size < MOST_JOBS; index += 1) {
      const entry = heads[index];
      if (entry === undefined) continue;
      addJob(fleet, fastest, count, entry.value, nowMs);
      heads[kept] = entry.after;
      kept += 1;
    }
    size = kept;
  }
  heads.fill(undefined, 0, opened);
}

function addJob(fleet: Fleet, fastest: Replica, count: number, waiter: Waiter, nowMs: number): void {
  const { dueMs, unreadTokens, estimate, flow } = waiter;
  const workS = priceS(fleet, fastest, unreadTokens, estimate.outTokens);
  const startS = (dueMs - nowMs) / 1000 - unreadTokens / prefillRate(fleet, fastest) - START_S;
  // The target is of its first token: from its start on, its work may take as long as it takes.
  jobs.add(waiter, startS + workS / count, workS, flow);
}

function firstOf(band: Band<Waiter>, other?: Band<Waiter>): Waiter | undefined {
  const first = firstOfCallers(undefined, band);
  return other === undefined ? first : firstOfCallers(first, other);
}

function firstOfCallers(known: Waiter | undefined, { groups }: Band<Waiter>): Waiter | undefined {
  let first = known;
  let looked = 0;
  for (const group of groups.values()) {
    if (looked === MOST_CALLERS) break;
    looked += 1;
    first = earlier(first, group.first?.value);
  }
  return first;
}

function earlier(first: Waiter | undefined, waiter: Waiter | undefined): Waiter | undefined {
  return waiter !== undefined && (first === undefined || isBefore(waiter, first)) ? waiter : first;
}

function isBefore(a: Waiter, b: Waiter): boolean {
  return a.flow === b.flow ? a.sinceMs < b.sinceMs : goesFirst(a.flow, b.flow);
}
