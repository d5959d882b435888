import { candidatesOf } from './candidate.ts';
import type { Decision, SlotRequest } from './event.ts';
import type { Fleet } from './fleet.ts';
import { startLoad } from './loading.ts';
import { loadForShare } from './next-load.ts';
import type { Policy } from './policy.ts';

/** Starts a load for a request that has a slot, if its alias has weights and a server with room lacks the model (`next-load.ts`). */
export function beginShareLoad(
  fleet: Fleet,
  { strategy }: Policy,
  { deployments, tried }: Pick<SlotRequest, 'deployments' | 'tried'>,
  nowMs: number,
  out: Decision[],
): void {
  const next = strategy.sharesByWeight
    ? loadForShare(candidatesOf(fleet, deployments, tried, nowMs), nowMs)
    : undefined;
  if (next !== undefined)
    startLoad(fleet, { ...next, queue: undefined, reason: 'weight', mayEvict: false }, nowMs, out);
}
