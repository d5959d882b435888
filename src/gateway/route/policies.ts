import type { RoutingStrategy } from '../../core/routing-strategy.ts';
import { limitQueue, limitQueueLength } from './admission.ts';
import { copyAhead } from './copy-ahead.ts';
import { fairOrder, markLateByTarget } from './fair-order.ts';
import { hasPromptsToRead, keepsSlot } from './kept-slot.ts';
import { loadForWaiters } from './next-load.ts';
import { arrivalOrder } from './order.ts';
import { placeLoads } from './placement.ts';
import type { Policy } from './policy.ts';
import { markLateByWait } from './queue.ts';
import { isVictim } from './room.ts';
import { byWeight } from './strategy/by-weight.ts';
import { leastBusy } from './strategy/least-busy.ts';
import { STRATEGIES } from './strategy/strategies.ts';
import { yieldToLoads } from './yield-to-load.ts';

/** The parts of a policy that a configuration states. */
export interface PolicyOptions extends Pick<Policy, 'allowedFails' | 'cooldownMs' | 'random'> {
  /** Requests that may wait for one alias. */
  readonly longestQueue: number;
}

/** The policy of a strategy; `undefined`: the file names none. */
export function policyFor(
  name: RoutingStrategy | undefined,
  { longestQueue, allowedFails, cooldownMs, random }: PolicyOptions,
): Policy {
  const strategy = name === undefined ? byWeight : STRATEGIES[name];
  const common = { strategy, allowedFails, cooldownMs, random };
  // Aliases that end each other's runners take turns: no victim can be named for them.
  const inTurns = loadForWaiters({ strategy: leastBusy, random });
  if (strategy.name === 'fleet')
    return {
      ...common,
      order: fairOrder,
      markLate: markLateByTarget,
      isClosed: hasPromptsToRead,
      keepsSlot,
      admit: limitQueueLength(longestQueue),
      nextLoad: (fleet, look, nowMs) => (fleet.sharesRunners ? inTurns : placeLoads)(fleet, look, nowMs),
      loadAhead: copyAhead,
      recallsOverdue: true,
      yields: (fleet, where, nowMs) => isVictim(where.backend, where.replica) || yieldToLoads(fleet, where, nowMs),
    };
  return {
    ...common,
    order: arrivalOrder,
    markLate: markLateByWait,
    isClosed: () => false,
    keepsSlot: () => false,
    admit: limitQueue(longestQueue),
    nextLoad: loadForWaiters({ strategy, random }),
    loadAhead: () => undefined,
    recallsOverdue: false,
    yields: yieldToLoads,
  };
}
