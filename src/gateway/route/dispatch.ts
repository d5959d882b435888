import { candidatesOf, isWarm, type Candidate } from './candidate.ts';
import type { Assignment, Decision } from './event.ts';
import type { Fleet, Lease } from './fleet.ts';
import { goesBefore, remove, loadWaitMs, nextWaiters, queueLength, type Queue, type Waiter } from './queue.ts';
import { countUse } from './rate-window.ts';
import type { Policy } from './policy.ts';
import { hasRoom, mayTryOneMore } from './replica.ts';

/** A place for a request, and why this one. */
export interface Choice extends Candidate {
  readonly reason: string;
  /** It goes there beyond the count of slots. */
  readonly trial: boolean;
}

/** Which requests a place is wanted for. */
export type Eligibility = Pick<Waiter, 'deployments' | 'tried'>;

/** The place for a request where one is free that has its model in memory; bound no sooner, so that nothing waits inside a server. */
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
  const free = preferred(
    warm.filter(({ replica }) => hasRoom(replica)),
    nowMs,
  );
  const [first, ...rest] = free;
  if (first === undefined) {
    const more = warm.find(({ replica }) => mayTryOneMore(replica, nowMs));
    return more === undefined ? undefined : { ...more, reason: 'slot-trial', trial: true };
  }
  if (rest.length > 0)
    return {
      ...policy.strategy.choose([first, ...rest], policy.random, nowMs),
      reason: policy.strategy.name,
      trial: false,
    };
  return {
    ...first,
    reason: candidates.length === 1 ? 'only-one' : warm.length === 1 ? 'only-resident' : 'only-free',
    trial: false,
  };
}

/** Gives places to those who wait, as far as there are free ones. */
export function dispatch(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  while (fleet.waiting.size > 0) {
    let best: { readonly queue: Queue; readonly waiter: Waiter; readonly choice: Choice } | undefined;
    for (const queue of fleet.queues.values()) {
      const next = queueLength(queue) === 0 ? undefined : nextDispatchable(fleet, policy, queue, nowMs);
      if (next !== undefined && (best === undefined || goesBefore(next, best))) best = next;
    }
    if (best === undefined) return;
    const { queue, waiter, choice } = best;
    const loadMs = loadWaitMs(queue, waiter, nowMs);
    remove(queue, waiter.request);
    fleet.waiting.delete(waiter.request);
    out.push(bind(fleet, waiter, choice, loadMs, nowMs));
  }
}

/** Binds a request to a place. */
export function bind(
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
  replica.inFlight += 1;
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
    boundMs: nowMs,
    nth: replica.inFlight,
    started: false,
    released: false,
    afterRestMs: replica.restMs,
  };
  replica.restMs = undefined;
  return { kind: 'assign', request, lease, reason, loadMs };
}

function nextDispatchable(
  fleet: Fleet,
  policy: Policy,
  queue: Queue,
  nowMs: number,
): { queue: Queue; waiter: Waiter; choice: Choice } | undefined {
  for (const waiter of nextWaiters(queue, nowMs)) {
    const choice = chooseDeployment(fleet, policy, waiter, nowMs);
    if (choice !== undefined) return { queue, waiter, choice };
  }
  return undefined;
}

// Resting is a preference: a place that failed is better than none.
function preferred(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const rested = candidates.filter(({ deployment }) => deployment.cooldownUntilMs <= nowMs);
  return rested.length > 0 ? rested : candidates;
}
