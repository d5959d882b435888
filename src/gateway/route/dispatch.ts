import { candidatesOf, isWarm, type Candidate, preferWithoutCooldown } from './candidate.ts';
import type { Assignment, Decision } from './event.ts';
import type { Fleet, Lease } from './fleet.ts';
import {
  goesBefore,
  isLate,
  queuedForMs,
  remove,
  loadWaitMs,
  queueLength,
  type Contender,
  type Queue,
  type Waiter,
} from './queue.ts';
import { charge, type Flow } from './flow.ts';
import { beginWork, busyModels, priceS, slotCount } from './cost.ts';
import { poolOf } from './pool.ts';
import { occupy } from './prompt-cache.ts';
import { countDecision, countWait } from './tally.ts';
import type { Estimate } from './work.ts';
import { expectedMs } from './latency.ts';
import { countUse } from './rate-window.ts';
import { prefillRate } from './rates.ts';
import type { Policy } from './policy.ts';
import { watchSent } from './lost-slots.ts';
import { hasRoom, mayTryOneMore, type Replica } from './replica.ts';
import { observeUse } from './slots.ts';
import { observeListed } from './tick-index.ts';
import { isOwedSlot, paySlot } from './turn.ts';

/** Time after an abandoned prefill in which a request tests its estimate, ms. */
const PREFILL_TEST_MS = 500;

/** A trial has at least so long to its first token, ms. */
const LEAST_TRIAL_MS = 1000;

/** The deployment for a request, and the reason for the choice. */
export interface Choice extends Candidate {
  readonly reason: string;
  /** The request goes beyond the known number of slots. */
  readonly trial: boolean;
  /** Candidates with a free slot. */
  readonly free: number;
}

interface Next extends Contender {
  readonly choice: Choice;
  readonly late: boolean;
}

/** A request, as the choice of its deployment sees it. */
export interface Chooser extends Pick<Waiter, 'deployments' | 'tried' | 'estimate' | 'batch'> {
  /** Its alias. */
  readonly name: string;
  /** It leaves a slot that is kept for others. */
  readonly late: boolean;
  readonly flow: Flow;
}

/**
 * The deployment for a request, if one has the model in memory and a free slot. A request is not assigned sooner, so that none
 * waits inside a server.
 */
export function chooseDeployment(fleet: Fleet, policy: Policy, request: Chooser, nowMs: number): Choice | undefined {
  const { deployments, tried, estimate, late, batch } = request;
  const candidates = candidatesOf(fleet, deployments, tried, nowMs);
  let warm = 0;
  let trial: Candidate | undefined;
  let withRoom: Candidate[] | undefined;
  for (const candidate of candidates) {
    const { replica } = candidate;
    if (!isWarm(candidate) || nowMs < replica.pausedUntilMs || policy.yields(fleet, candidate, nowMs)) continue;
    warm += 1;
    if (!hasRoom(replica)) {
      if (trial === undefined && (!late || batch) && mayTryOneMore(replica, nowMs)) trial = candidate;
    } else if (!policy.keepsSlot(fleet, request, candidate, nowMs)) (withRoom ??= []).push(candidate);
  }
  if (withRoom === undefined) return trial === undefined ? undefined : choiceOf(trial, 'slot-trial', 1, true);
  const free = preferWithoutCooldown(withRoom, nowMs);
  if (isSeveral(free)) {
    const { strategy, random } = policy;
    const choice = strategy.choose(free, { fleet, estimate, random, nowMs });
    return choiceOf(choice, strategy.nameFor?.(free) ?? strategy.name, free.length, false);
  }
  const [only] = free;
  const reason = candidates.length === 1 ? 'only-one' : warm === 1 ? 'only-resident' : 'only-free';
  return only === undefined ? undefined : choiceOf(only, reason, 1, false);
}

function isSeveral(candidates: readonly Candidate[]): candidates is readonly [Candidate, Candidate, ...Candidate[]] {
  return candidates.length > 1;
}

function choiceOf({ deployment, backend, replica }: Candidate, reason: string, free: number, trial: boolean): Choice {
  return { deployment, backend, replica, reason, trial, free };
}

/** Assigns free slots to waiters. */
export function dispatch(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  while (fleet.waiting.size > 0) {
    let best: Next | undefined;
    for (const queue of fleet.queues.values()) {
      const next = nextDispatchable(fleet, policy, queue, nowMs);
      if (next !== undefined && (best === undefined || goesBefore(next, best))) best = next;
    }
    if (best === undefined) return;
    const { queue, waiter, choice, late } = best;
    const { queuedMs } = waiter;
    const wait = { loadMs: loadWaitMs(queue, waiter, nowMs), waitedMs: queuedForMs(queue, waiter, nowMs), queuedMs };
    removeWaiter(fleet, waiter.request, nowMs, late);
    paySlot(choice.backend, queue);
    // Its turn for a load comes after those of the queues that wait now.
    if (fleet.queues.delete(queue.key)) fleet.queues.set(queue.key, queue);
    out.push(assign(fleet, { ...waiter, queue: queue.name }, choice, wait, nowMs));
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
  fleet.queues.delete(queue.key);
  fleet.mayRemoveDrained = true;
}

/** A request that gets a slot. */
export interface Assignee {
  readonly request: string;
  readonly sinceMs: number;
  readonly queue: string;
  readonly flow: Flow;
  readonly estimate: Estimate;
}

/** The wait of a request that gets a slot, ms, and when it joined its queue; `undefined` if it did not wait. */
interface AssigneeWait extends Pick<Assignment, 'loadMs' | 'waitedMs'> {
  readonly queuedMs: number | undefined;
}

/** Assigns a request to a deployment. */
export function assign(
  fleet: Fleet,
  { request, sinceMs, queue, flow, estimate }: Assignee,
  { deployment, backend, replica, reason, trial, free }: Choice,
  { loadMs, waitedMs, queuedMs }: AssigneeWait,
  nowMs: number,
): Assignment {
  fleet.picks += 1;
  deployment.lastPicked = fleet.picks;
  deployment.inFlight += 1;
  deployment.rateWindow = countUse(deployment.rateWindow, { requests: 1, tokens: 0 }, nowMs);
  backend.inFlight += 1;
  backend.assignedMs = nowMs;
  const busy = busyModels(backend);
  beginWork(backend, replica);
  observeListed(fleet, replica);
  replica.usedMs = nowMs;
  observeUse(replica.slots, nowMs);
  replica.isUnused = false;
  const { promptTokens, outTokens, prefix } = estimate;
  const { covered, inSlot, displaced } = occupy(replica.promptCache, {
    request,
    prefix,
    slotCount: slotCount(replica),
    nowMs,
  });
  const unread = Math.max(1, promptTokens - covered);
  const unreadBefore = replica.unreadTokens;
  replica.unreadTokens += unread;
  const chargedS = priceS(fleet, replica, { unread, outTokens });
  charge(flow, chargedS);
  replica.inFlightOf.set(flow, (replica.inFlightOf.get(flow) ?? 0) + 1);
  if (replica.slots.kind !== 'unbounded') replica.runningSinceMs.push(nowMs);
  const lease: Lease = {
    request,
    deployment,
    backend,
    replica,
    sinceMs,
    assignedMs: nowMs,
    position: replica.inFlight,
    slotsTaken: replica.inFlight + replica.abandonedPrefills.length,
    slotCount: replica.slots.count,
    order: fleet.picks,
    endsBefore: replica.slots.ends,
    unreadBefore,
    queue,
    flow,
    estimate,
    covered,
    inSlot,
    displaced,
    unread,
    chargedS,
    busy,
    started: false,
    released: false,
    abandonedPrefillMs: testedPrefillMs(replica, nowMs),
  };
  replica.expiredPrefill = undefined;
  watchSent(lease);
  if (trial) {
    replica.slots.trial = { request, untilMs: nowMs + trialMs(fleet, lease, nowMs), startedMs: undefined };
    fleet.ticks.timed.add(replica);
    fleet.tickWanted = true;
  }
  countDecision(fleet.demands.get(queue)?.tally, reason);
  const { lastLoad } = replica;
  const load = lastLoad !== undefined && queuedMs !== undefined && queuedMs < lastLoad.endedMs ? lastLoad : undefined;
  return { kind: 'assign', request, lease, reason, loadMs, waitedMs, load, free };
}

// Time within which the first token of a trial comes if it has a slot.
function trialMs(fleet: Fleet, { replica, busy, unread, unreadBefore, deployment }: Lease, nowMs: number): number {
  const readMs = (1000 * Math.max(1, busy) * (unread + unreadBefore)) / prefillRate(fleet, replica);
  return Math.max(LEAST_TRIAL_MS, 3 * readMs, 2 * expectedMs(deployment.latency, nowMs));
}

// A request that gets the slot later finds an idle server, whatever the estimate was.
function testedPrefillMs({ expiredPrefill }: Replica, nowMs: number): number | undefined {
  return expiredPrefill !== undefined && nowMs - expiredPrefill.untilMs <= PREFILL_TEST_MS
    ? expiredPrefill.expectedMs
    : undefined;
}

// Most queues wait for slots: the order of their waiters is not needed then.
function hasOpening(fleet: Fleet, queue: Queue, nowMs: number): boolean {
  // A backend without the model counts too: the order of the waiters marks the late ones, and loads are decided by that.
  for (const { replica } of poolOf(fleet, queue.deployments).candidates)
    if (hasRoom(replica) || mayTryOneMore(replica, nowMs)) return true;
  return false;
}

function nextDispatchable(fleet: Fleet, policy: Policy, queue: Queue, nowMs: number): Next | undefined {
  if (!hasOpening(fleet, queue, nowMs)) return undefined;
  for (const { waiter, late } of policy.order(fleet, queue, nowMs)) {
    const choice = chooseDeployment(fleet, policy, { ...waiter, name: queue.name, late }, nowMs);
    if (choice === undefined) continue;
    const isOwed = isOwedSlot(choice.backend, choice.replica, queue);
    // A batch tries one slot more, if one waits: it may have to wait inside the server.
    const batch = choice.trial ? queue.batch.all.first : undefined;
    return { queue, waiter: batch?.value ?? waiter, choice, late, isOwed };
  }
  return undefined;
}
