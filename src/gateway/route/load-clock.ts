import { queuesToClock } from './attention.ts';
import { hasCandidateOn, warmCandidatesOf } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import type { Policy } from './policy.ts';
import { poolOf } from './pool.ts';
import { setLoading } from './queue.ts';

/** Runs the load clock of queues that wait only for a load: of their model, or of another one that comes first. */
export function keepLoadClocks(fleet: Fleet, policy: Policy, nowMs: number): void {
  const taken = [...fleet.ticks.loading, ...fleet.makingRoom];
  for (const queue of queuesToClock(fleet)) {
    const pool = poolOf(fleet, queue.deployments);
    const waitsForLoad =
      hasCandidateOn(fleet, pool, taken, nowMs) &&
      !warmCandidatesOf(fleet, pool, [], nowMs).some((candidate) => !policy.yields(fleet, candidate, nowMs));
    setLoading(queue, waitsForLoad, nowMs);
  }
}
