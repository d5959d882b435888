import { assign } from './assign.ts';
import { moveToEnd, queuesToDispatch, removeQueue } from './attention.ts';
import { isUsable, warmOf } from './candidate.ts';
import { chooseDeployment, type Choice } from './choose-deployment.ts';
import { goesBefore, type Contender } from './contender.ts';
import type { Decision } from './event.ts';
import type { Fleet, Pool } from './fleet.ts';
import type { Policy } from './policy.ts';
import { poolOf } from './pool.ts';
import { isLate, loadWaitMs, queuedForMs, queueLength, remove, type Queue } from './queue.ts';
import { hasRoom, mayTryOneMore } from './replica.ts';
import { countWait } from './tally.ts';
import { isOwedSlot, paySlot } from './turn.ts';

/** A free slot that a request on time leaves to others is looked at again after this time, if nothing else changes, ms. */
const KEPT_MS = 200;

interface Next extends Contender {
  readonly choice: Choice;
  readonly late: boolean;
}

/**
 * Assigns free slots to waiters. Only the queues that the event concerns are looked at: for all others a slot is as free as it was
 * after the last event, and time counts at ticks.
 */
export function dispatch(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  let queues = queuesToDispatch(fleet);
  while (queues.length > 0) {
    const open: Queue[] = [];
    let best: Next | undefined;
    for (const queue of queues) {
      const next = nextDispatchable(fleet, policy, queue, nowMs);
      if (next === undefined) continue;
      open.push(queue);
      if (best === undefined || goesBefore(next, best)) best = next;
    }
    if (best === undefined) return;
    const { queue, waiter, choice, late } = best;
    const { queuedMs, request, sinceMs, flow, estimate, recallable } = waiter;
    const wait = { loadMs: loadWaitMs(queue, waiter, nowMs), waitedMs: queuedForMs(queue, waiter, nowMs), queuedMs };
    removeWaiter(fleet, request, nowMs, late);
    paySlot(choice.backend, queue);
    // Its turn for a load comes after those of the queues that wait now.
    moveToEnd(fleet, queue);
    out.push(assign(fleet, { request, sinceMs, queue: queue.name, flow, estimate, recallable }, choice, wait, nowMs));
    // An assignment frees no slot: queues without a free one need not be looked at again.
    queues = open.filter((one) => one !== queue);
    if (queueLength(queue) > 0) queues.push(queue);
  }
}

/** Removes a waiter, and its queue with the last one; `gaveWay`: it gave way to others. */
export function removeWaiter(fleet: Fleet, request: string, nowMs: number, gaveWay = false): void {
  const waiting = fleet.waiting.get(request);
  if (waiting === undefined) return;
  const { queue, waiter } = waiting;
  fleet.waiting.delete(request);
  countWait(fleet.demands.get(queue.name)?.tally, waiter, gaveWay || isLate(waiter), nowMs);
  remove(queue, waiter, nowMs);
  if (queueLength(queue) > 0) return;
  removeQueue(fleet, queue);
}

// A slot that a waiter could get, if it is not kept for others.
function hasWarmOpening(fleet: Fleet, policy: Policy, pool: Pool, nowMs: number): boolean {
  for (const candidate of warmOf(pool)) {
    const { replica } = candidate;
    const isFree = hasRoom(replica) ? !policy.isClosed(replica) : mayTryOneMore(replica, nowMs);
    if (!isFree || nowMs < replica.pausedUntilMs || policy.yields(fleet, candidate, nowMs)) continue;
    // In which order deployments are used depends on what a request has tried.
    if (pool.hasOrder || isUsable(pool, candidate, [], nowMs)) return true;
  }
  return false;
}

// A backend without the model counts too: late waiters are marked while it has room, and loads are decided by that.
function hasOpening({ candidates }: Pool, nowMs: number): boolean {
  for (const { replica } of candidates) if (hasRoom(replica) || mayTryOneMore(replica, nowMs)) return true;
  return false;
}

function nextDispatchable(fleet: Fleet, policy: Policy, queue: Queue, nowMs: number): Next | undefined {
  if (nowMs < queue.keptUntilMs) {
    policy.markLate(queue, nowMs);
    if (queue.onTime.all.size > 0) return undefined;
  }
  queue.keptUntilMs = 0;
  const pool = poolOf(fleet, queue.deployments);
  if (!hasWarmOpening(fleet, policy, pool, nowMs)) {
    // The order of the waiters is not needed, only who is late.
    if (hasOpening(pool, nowMs)) policy.markLate(queue, nowMs);
    return undefined;
  }
  let isKept = false;
  for (const { waiter, late } of policy.order(fleet, queue, nowMs)) {
    const { deployments, tried, estimate, flow, batch, dueMs } = waiter;
    const chooser = { name: queue.name, deployments, tried, estimate, flow, batch, dueMs, late };
    const choice = chooseDeployment(fleet, policy, chooser, nowMs);
    isKept ||= !late;
    if (choice === undefined) continue;
    const isOwed = isOwedSlot(choice.backend, choice.replica, queue);
    // A batch tries one slot more, if one waits: it may have to wait inside the server.
    const first = choice.trial ? queue.batch.all.first : undefined;
    return { queue, waiter: first?.value ?? waiter, choice, late, isOwed };
  }
  // Deployments that a waiter has tried, and the `order` that is used, may change with time in other ways.
  if (isKept && !pool.hasOrder && queue.triedElsewhere === 0) queue.keptUntilMs = nowMs + KEPT_MS;
  return undefined;
}
