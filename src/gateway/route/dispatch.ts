import { candidatesOf, isWarm, type Candidate, preferWithoutCooldown } from './candidate.ts';
import type { Assignment, Decision } from './event.ts';
import type { Fleet, Lease } from './fleet.ts';
import {
  goesBefore,
  remove,
  loadWaitMs,
  nextWaiters,
  queueLength,
  type Contender,
  type Queue,
  type Waiter,
} from './queue.ts';
import { countUse } from './rate-window.ts';
import type { Policy } from './policy.ts';
import { hasRoom, mayTryOneMore, type Replica } from './replica.ts';
import { isOwedSlot, paySlot } from './turn.ts';

/** Time after an abandoned prefill in which a request tests its estimate, ms. */
const PREFILL_TEST_MS = 500;

/** The deployment for a request, and the reason for the choice. */
export interface Choice extends Candidate {
  readonly reason: string;
  /** The request goes beyond the known number of slots. */
  readonly trial: boolean;
}

interface Next extends Contender {
  readonly choice: Choice;
}

/** The deployments that a request may use. */
export type Eligibility = Pick<Waiter, 'deployments' | 'tried'>;

/**
 * The deployment for a request, if one has the model in memory and a free slot. A request is not assigned sooner, so that none
 * waits inside a server.
 */
export function chooseDeployment(
  fleet: Fleet,
  policy: Policy,
  { deployments, tried }: Eligibility,
  nowMs: number,
): Choice | undefined {
  const candidates = candidatesOf(fleet, deployments, tried, nowMs);
  const warm = candidates.filter(
    (candidate) =>
      isWarm(candidate) && nowMs >= candidate.replica.pausedUntilMs && !policy.yields(fleet, candidate, nowMs),
  );
  const free = preferWithoutCooldown(
    warm.filter(({ replica }) => hasRoom(replica)),
    nowMs,
  );
  const [first, ...rest] = free;
  if (first === undefined) {
    const trialCandidate = warm.find(({ replica }) => mayTryOneMore(replica, nowMs));
    return trialCandidate === undefined ? undefined : { ...trialCandidate, reason: 'slot-trial', trial: true };
  }
  if (rest.length > 0) {
    const { strategy } = policy;
    return {
      ...strategy.choose([first, ...rest], policy.random, nowMs),
      reason: strategy.nameFor?.([first, ...rest]) ?? strategy.name,
      trial: false,
    };
  }
  return {
    ...first,
    reason: candidates.length === 1 ? 'only-one' : warm.length === 1 ? 'only-resident' : 'only-free',
    trial: false,
  };
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
    const { queue, waiter, choice } = best;
    const loadMs = loadWaitMs(queue, waiter, nowMs);
    removeWaiter(fleet, waiter.request);
    paySlot(choice.backend, queue);
    // Its turn for a load comes after those of the queues that wait now.
    if (fleet.queues.delete(queue.key)) fleet.queues.set(queue.key, queue);
    out.push(assign(fleet, waiter, choice, loadMs, nowMs));
  }
}

/** Removes a waiter, and its queue with the last one. */
export function removeWaiter(fleet: Fleet, request: string): void {
  const queue = fleet.waiting.get(request);
  if (queue === undefined) return;
  fleet.waiting.delete(request);
  remove(queue, request);
  if (queueLength(queue) === 0) fleet.queues.delete(queue.key);
}

/** Assigns a request to a deployment. */
export function assign(
  fleet: Fleet,
  { request, sinceMs }: Pick<Waiter, 'request' | 'sinceMs'>,
  { deployment, backend, replica, reason, trial }: Choice,
  loadMs: number,
  nowMs: number,
): Assignment {
  fleet.picks += 1;
  deployment.lastPicked = fleet.picks;
  deployment.inFlight += 1;
  deployment.rateWindow = countUse(deployment.rateWindow, { requests: 1, tokens: 0 }, nowMs);
  backend.inFlight += 1;
  backend.assignedMs = nowMs;
  replica.inFlight += 1;
  if (replica.slots.kind !== 'unbounded') replica.runningSinceMs.push(nowMs);
  if (trial) {
    replica.slots.trial = { request, startedMs: undefined };
    fleet.tickWanted = true;
  }
  const lease: Lease = {
    request,
    deployment,
    backend,
    replica,
    sinceMs,
    assignedMs: nowMs,
    position: replica.inFlight,
    started: false,
    released: false,
    abandonedPrefillMs: testedPrefillMs(replica, nowMs),
  };
  replica.expiredPrefill = undefined;
  return { kind: 'assign', request, lease, reason, loadMs };
}

// A request that gets the slot later finds an idle server, whatever the estimate was.
function testedPrefillMs({ expiredPrefill }: Replica, nowMs: number): number | undefined {
  return expiredPrefill !== undefined && nowMs - expiredPrefill.untilMs <= PREFILL_TEST_MS
    ? expiredPrefill.expectedMs
    : undefined;
}

function nextDispatchable(fleet: Fleet, policy: Policy, queue: Queue, nowMs: number): Next | undefined {
  for (const waiter of nextWaiters(queue, nowMs)) {
    const choice = chooseDeployment(fleet, policy, waiter, nowMs);
    if (choice !== undefined)
      return { queue, waiter, choice, isOwed: isOwedSlot(choice.backend, choice.replica, queue) };
  }
  return undefined;
}
