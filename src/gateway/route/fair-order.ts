import { goesFirst, leadS, type Flow } from './flow.ts';
import type { Band } from './band.ts';
import { isUp, warmOf } from './candidate.ts';
import { busyModels, priceS } from './cost.ts';
import { createDemand, type Demand } from './demand.ts';
import type { Backend, Fleet } from './fleet.ts';
import { onTimeSet, type Job } from './on-time.ts';
import { valuesOf } from './list.ts';
import { retriesFirst, type NextWaiter } from './order.ts';
import { markLate, type Queue, type Waiter } from './queue.ts';
import { poolOf } from './pool.ts';
import { prefillRate } from './rates.ts';
import type { Replica } from './replica.ts';

/** Waiters of a queue that are looked at for one decision. */
const MOST_JOBS = 64;
/** Part of a backend that a model has while others work there. */
const SHARED = 0.55;
/** Between the assignment of a slot and the first token, without the prompt, s. */
const START_S = 0.1;
/** Callers whose time of servers differs by no more are served by the time at which their requests are due, s. */
const EVEN_S = 6;
/** A waiter is late if less than this is left to its target, ms. */
const LEAST_LEFT_MS = 200;

/**
 * Retries; then, of the waiters that can all begin in time, those of the caller that has had least, and among callers that have had about
 * the same the one that is due first; then the others, those of the caller that has had least first; then batches.
 */
export function* fairOrder(fleet: Fleet, queue: Queue, nowMs: number): Generator<NextWaiter> {
  yield* retriesFirst(queue);
  const onTime = firstOnTime(fleet, queue, nowMs);
  if (onTime !== undefined) yield { waiter: onTime, late: false };
  else {
    const late = firstOf([queue.late, queue.onTime]) ?? firstOf([queue.batch]);
    if (late !== undefined) yield { waiter: late, late: true };
  }
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
  return part / priceS(fleet, replica, { unread: promptTokens * (1 - coveredShare), outTokens });
}

function firstOnTime(fleet: Fleet, queue: Queue, nowMs: number): Waiter | undefined {
  markLateByTarget(queue, nowMs);
  const { onTime } = queue;
  if (onTime.all.size === 0) return undefined;
  if (onTime.all.size === 1) return onTime.all.first?.value;
  const { count, fastest } = capacityOf(fleet, queue);
  if (fastest === undefined) return firstOf([onTime]);
  const prefill = prefillRate(fleet, fastest);
  const jobs: Job<Waiter>[] = [];
  for (const waiter of upTo(MOST_JOBS, onTime)) {
    const { dueMs, unreadTokens, estimate, flow } = waiter;
    const workS = priceS(fleet, fastest, { unread: unreadTokens, outTokens: estimate.outTokens });
    const startS = (dueMs - nowMs) / 1000 - unreadTokens / prefill - START_S;
    // The target is of its first token: from its start on, its work may take as long as it takes.
    jobs.push({ value: waiter, leftS: startS + workS / count, workS, group: flow.id });
  }
  const chosen = onTimeSet(jobs, count);
  return firstDue(
    fleet,
    jobs.filter(({ value }) => chosen.has(value)),
  );
}

/**
 * The waiter that is due first, of the caller that has had least and of those that have had little more. While other aliases wait, the
 * oldest of that caller: the loads follow the oldest waiter.
 */
function firstDue(fleet: Fleet, jobs: readonly Job<Waiter>[]): Waiter | undefined {
  let least: Waiter | undefined;
  for (const { value } of jobs) if (least === undefined || isBefore(value, least)) least = value;
  if (least === undefined || fleet.queues.size > 1) return least;
  let first: Job<Waiter> | undefined;
  for (const job of jobs)
    if (areEven(job.value.flow, least.flow) && (first === undefined || job.leftS < first.leftS)) first = job;
  return first?.value;
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
  for (const waiter of valuesOf(queue.onTime.all)) {
    const { dueMs } = waiter;
    if (nowMs > dueMs - LEAST_LEFT_MS) markLate(queue, waiter);
    else {
      earliestMs = Math.min(earliestMs, dueMs);
      if ((looked += 1) >= MOST_JOBS) break;
    }
  }
  queue.earliestDueMs = earliestMs;
}

// The first waiters of every caller in turn, so that a caller with many does not hide the others.
function upTo(most: number, { all, groups }: Band<Waiter>): readonly Waiter[] {
  if (all.size <= most) return [...valuesOf(all)];
  const lines = [...groups.values()].map((group) => valuesOf(group));
  const found: Waiter[] = [];
  while (lines.length > 0 && found.length < most)
    for (let index = 0; index < lines.length && found.length < most;) {
      const next = lines[index]?.next();
      if (next?.done === false) {
        found.push(next.value);
        index += 1;
      } else lines.splice(index, 1);
    }
  return found;
}

function firstOf(bands: readonly Band<Waiter>[]): Waiter | undefined {
  let first: Waiter | undefined;
  for (const { groups } of bands)
    for (const group of groups.values()) {
      const waiter = group.first?.value;
      if (waiter !== undefined && (first === undefined || isBefore(waiter, first))) first = waiter;
    }
  return first;
}

function isBefore(a: Waiter, b: Waiter): boolean {
  return a.flow === b.flow ? a.sinceMs < b.sinceMs : goesFirst(a.flow, b.flow);
}
