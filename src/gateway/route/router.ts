import { expireAbandonedPrefills } from './abandoned-prefill.ts';
import { expectedWaits, retryAfterMs } from './admission.ts';
import { arrive, leave } from './arrival.ts';
import { candidatesOf, hasCandidate, whyUnavailable } from './candidate.ts';
import { dispatch } from './dispatch.ts';
import { endAttention, touchAll, touchBackend, touchReplica } from './attention.ts';
import type { Decision, Rejection, RouteEvent } from './event.ts';
import { removeDrained } from './draining.ts';
import { expiredWaiters } from './expiry.ts';
import type { Fleet } from './fleet.ts';
import { learnFacts } from './foreign-facts.ts';
import { adopt, delegate } from './hand-over.ts';
import { reconfigure } from './reconfigure.ts';
import { valuesOf } from './list.ts';
import { queuedForMs, waitersOf, loadWaitMs, queueLength, type Queue, type Waiter } from './queue.ts';
import { keepLoadClocks } from './load-clock.ts';
import { beginLoads, endLoad, finishMakingRoom, sendLoads, startLoad } from './loading.ts';
import { endTest, findLostSlots } from './lost-slots.ts';
import { endStall, recallOverdue } from './overdue.ts';
import type { Policy } from './policy.ts';
import { doubt, endProbe, release, markDown, shareSlots } from './release.ts';
import { resize } from './resize.ts';
import { observeList } from './room.ts';
import { observeTime } from './slots.ts';
import { startLease } from './start-lease.ts';
import { unstickLoads, findImplicitLoads } from './stuck-load.ts';
import { countDecision } from './tally.ts';
import { inOrder } from './tick-index.ts';

/**
 * Applies an event to the fleet and returns decisions. Pure except for changes to the fleet: the time is an argument, and the function
 * never waits.
 *
 * 1. Record the event.
 *    - `arrived`: assign the request if nothing waits in its queue and a slot is free; load its model also where a weight wants it. Else reject it if no deployment may serve it
 *      (`no-backend`, `rate-limited`) or the policy does not admit it (`queue-full`, `queue-timeout`). Else append it to its queue.
 *    - `listed`: update residency, and look for models that answer none of their requests.
 *    - `ticked`: expire abandoned prefills, end slot trials, unload models that block a stuck load, and reject waiters whose time is over.
 *    - Every other event: update counters, slots, residency and circuits.
 * 2. If the event may take deployments away, reject the waiters that no deployment may serve any more.
 *    The event also records the queues and replicas that it changes (`attention.ts`): the steps 3 to 5 look only at those, and at all with
 *    each tick, since time changes the rest.
 * 3. While a slot is free for a waiter: assign it, retries first, then waiters on time, then late ones (`queue.ts`). Then send or drop the
 *    loads that are held, or wait for room, which may make another slot usable.
 * 4. For waiters that no free slot can serve: start loads, one at a time on a backend (`next-load.ts`).
 * 5. Run the load clock of each queue that waits only for a load.
 * 6. With a tick, take back requests whose first token is overdue, as many as other servers have free slots for.
 *
 * While another instance decides (`hand-over.ts`) only step 1 is done, without decisions: the fleet stays right for the moment when this
 * one decides again.
 */
export function route(fleet: Fleet, policy: Policy, event: RouteEvent, nowMs: number): readonly Decision[] {
  const out: Decision[] = [];
  switch (event.kind) {
    case 'arrived':
      arrive(fleet, policy, event, nowMs, out);
      break;
    case 'left':
      leave(fleet, event.request, nowMs);
      break;
    case 'started':
      startLease(fleet, event.lease, nowMs);
      break;
    case 'released':
      if (release(fleet, policy, event, nowMs)) rejectUnservable(fleet, nowMs, out);
      break;
    case 'probed':
      if (probe(fleet, event.backend, event.alive, nowMs)) rejectUnservable(fleet, nowMs, out);
      break;
    case 'listed':
      observeList(fleet, event.backend, event.listing, nowMs);
      findImplicitLoads(fleet, nowMs);
      if (fleet.isDelegated) break;
      observeSilence(fleet, event.backend, nowMs, out);
      loadAhead(fleet, policy, event.backend, nowMs, out);
      break;
    case 'loaded':
      load(fleet, event, nowMs);
      if (event.result !== 'answered') rejectUnservable(fleet, nowMs, out);
      break;
    case 'tested':
      observeTest(fleet, event.replica, nowMs);
      break;
    case 'reconfigured':
      reconfigure(fleet, event.spec);
      touchAll(fleet);
      removeDrained(fleet);
      rejectUnservable(fleet, nowMs, out);
      break;
    case 'resized':
      resize(fleet, event, nowMs, out);
      touchAll(fleet);
      break;
    case 'delegated':
      delegate(fleet, event.isOn);
      touchAll(fleet);
      break;
    case 'adopted':
      adopt(fleet, event, nowMs, out);
      break;
    case 'told':
      learnFacts(fleet, event.facts, nowMs);
      touchAll(fleet);
      break;
    case 'ticked':
      tick(fleet, policy, nowMs, out);
      break;
  }
  if (fleet.isDelegated) {
    endAttention(fleet);
    return out;
  }
  if (fleet.heldLoads.size > 0 || fleet.makingRoom.size > 0) {
    // A slot that has come free may make the load needless.
    dispatch(fleet, policy, nowMs, out);
    sendLoads(fleet, nowMs, out);
    finishMakingRoom(fleet, nowMs, out);
  }
  if (fleet.waiting.size > 0) {
    dispatch(fleet, policy, nowMs, out);
    beginLoads(fleet, policy, nowMs, out);
    keepLoadClocks(fleet, policy, nowMs);
    fleet.tickWanted ||= fleet.waiting.size > 0;
  }
  // Slots and loads are decided, so a slot that is free now is free for these.
  if (event.kind === 'ticked') recallOverdue(fleet, policy, nowMs, out);
  endAttention(fleet);
  return out;
}

function loadAhead(fleet: Fleet, policy: Policy, url: string, nowMs: number, out: Decision[]): void {
  const backend = fleet.backends.get(url);
  const next = backend === undefined || fleet.waiting.size > 0 ? undefined : policy.loadAhead(fleet, backend, nowMs);
  if (next !== undefined) startLoad(fleet, { ...next, queue: undefined, reason: 'ahead', mayEvict: false }, nowMs, out);
}

function observeSilence(fleet: Fleet, url: string, nowMs: number, out: Decision[]): void {
  const backend = fleet.backends.get(url);
  if (backend !== undefined) findLostSlots(fleet, backend, nowMs, out);
}

function observeTest(fleet: Fleet, id: string, nowMs: number): void {
  const replica = fleet.replicas.get(id);
  if (replica === undefined) return;
  endTest(replica, nowMs);
  endStall(replica, nowMs);
  touchReplica(fleet, replica);
}

function probe(fleet: Fleet, url: string, alive: boolean, nowMs: number): boolean {
  const backend = fleet.backends.get(url);
  if (backend === undefined) return false;
  touchBackend(fleet, backend);
  return endProbe(fleet, backend, alive, nowMs);
}

function load(fleet: Fleet, { replica: id, result }: Extract<RouteEvent, { kind: 'loaded' }>, nowMs: number): void {
  const replica = fleet.replicas.get(id);
  if (replica === undefined) return;
  const backend = fleet.backends.get(replica.backend);
  replica.brokenLoads = result === 'connection-failed' ? replica.brokenLoads + 1 : 0;
  // The connection broke, not the load: its waiters wait for the probe and for another load, once.
  endLoad(fleet, replica, replica.brokenLoads === 1 ? 'cancelled' : result, nowMs);
  if (backend !== undefined) {
    if (result === 'connection-failed') doubt(backend);
    if (result === 'backend-failed') markDown(fleet, backend, nowMs);
    touchBackend(fleet, backend);
  }
  removeDrained(fleet);
}

function tick(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  fleet.tickWanted = fleet.ticks.loading.size > 0 || fleet.ticks.unbegun.size > 0;
  touchAll(fleet);
  removeDrained(fleet);
  for (const replica of inOrder(fleet.ticks.timed)) {
    expireAbandonedPrefills(replica, nowMs);
    const { count } = replica.slots;
    const trial = observeTime(replica.slots, nowMs);
    const backend = fleet.backends.get(replica.backend);
    if (replica.slots.count !== count && backend !== undefined) shareSlots(backend, replica);
    if (trial !== undefined) out.push({ kind: 'recall', trial });
    if (replica.abandonedPrefills.length > 0 || replica.slots.trial !== undefined) fleet.tickWanted = true;
    else fleet.ticks.timed.delete(replica);
  }
  findImplicitLoads(fleet, nowMs);
  if (fleet.isDelegated) return;
  unstickLoads(fleet, nowMs, out);
  if (fleet.waiting.size === 0) return;
  // Other requests may have used up the rate limits.
  if (fleet.isLimited) rejectUnservable(fleet, nowMs, out);
  for (const queue of fleet.queues.values()) rejectExpired(fleet, policy, queue, nowMs, out);
}

function rejectExpired(fleet: Fleet, policy: Policy, queue: Queue, nowMs: number, out: Decision[]): void {
  const expired = expiredWaiters(queue, nowMs);
  if (expired.length === 0) return;
  const expectedMs = expectedWaits(candidatesOf(fleet, queue.deployments, [], nowMs), nowMs);
  for (const waiter of expired) {
    const waitMs = expectedMs(queueLength(queue)) ?? nowMs - waiter.sinceMs;
    const rejection = { reason: 'queue-timeout', retryAfterMs: retryAfterMs(waitMs, policy.random()) } as const;
    rejectWaiter(fleet, queue, waiter, rejection, nowMs, out);
  }
}

function rejectUnservable(fleet: Fleet, nowMs: number, out: Decision[]): void {
  if (fleet.isDelegated) return;
  for (const queue of fleet.queues.values()) {
    const { deployments } = queue;
    const isServable = hasCandidate(fleet, deployments, [], nowMs);
    // Waiters of a queue differ only in what they have tried, and most have tried nothing.
    if (isServable && queue.retries.all.size + queue.triedElsewhere === 0) continue;
    const waiters = isServable && queue.triedElsewhere === 0 ? valuesOf(queue.retries.all) : waitersOf(queue);
    const reasons = new Map<string, ReturnType<typeof whyUnavailable> | undefined>();
    for (const waiter of waiters) {
      const key = waiter.tried.join(' ');
      if (!reasons.has(key)) {
        const isOne = hasCandidate(fleet, deployments, waiter.tried, nowMs);
        reasons.set(key, isOne ? undefined : whyUnavailable(fleet, deployments, waiter.tried, nowMs));
      }
      const why = reasons.get(key);
      if (why !== undefined) rejectWaiter(fleet, queue, waiter, why, nowMs, out);
    }
  }
}

function rejectWaiter(
  fleet: Fleet,
  queue: Queue,
  waiter: Waiter,
  rejection: Pick<Rejection, 'reason' | 'retryAfterMs'>,
  nowMs: number,
  out: Decision[],
): void {
  const wait = {
    loadMs: loadWaitMs(queue, waiter, nowMs),
    waitedMs: queuedForMs(queue, waiter, nowMs),
    ahead: queueLength(queue) - 1,
  };
  leave(fleet, waiter.request, nowMs);
  countDecision(fleet.demands.get(queue.name)?.tally, rejection.reason);
  out.push({ kind: 'reject', request: waiter.request, ...rejection, ...wait });
}
