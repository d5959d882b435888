import { hasOneCandidate, preferWithoutCooldown, warmCandidatesOf, type Candidate } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import type { Flow } from './flow.ts';
import type { Policy } from './policy.ts';
import { poolOf } from './pool.ts';
import type { Waiter } from './queue.ts';
import { hasRoom, mayTryOneMore } from './replica.ts';

/** The deployment for a request, and the reason for the choice. */
export interface Choice extends Candidate {
  readonly reason: string;
  /** The request goes beyond the known number of slots. */
  readonly trial: boolean;
  /** Candidates with a free slot. */
  readonly free: number;
}

/** A request, as the choice of its deployment sees it. */
export interface Chooser extends Pick<Waiter, 'deployments' | 'tried' | 'estimate' | 'batch' | 'dueMs'> {
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
  const pool = poolOf(fleet, deployments);
  let warm = 0;
  let trial: Candidate | undefined;
  let withRoom: Candidate[] | undefined;
  for (const candidate of warmCandidatesOf(fleet, pool, tried, nowMs)) {
    const { replica } = candidate;
    if (nowMs < replica.pausedUntilMs || policy.yields(fleet, candidate, nowMs)) continue;
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
  if (only === undefined) return undefined;
  const isOnlyOne = hasOneCandidate(fleet, pool, tried, nowMs);
  return choiceOf(only, isOnlyOne ? 'only-one' : warm === 1 ? 'only-resident' : 'only-free', 1, false);
}

function isSeveral(candidates: readonly Candidate[]): candidates is readonly [Candidate, Candidate, ...Candidate[]] {
  return candidates.length > 1;
}

function choiceOf({ deployment, backend, replica }: Candidate, reason: string, free: number, trial: boolean): Choice {
  return { deployment, backend, replica, reason, trial, free };
}
