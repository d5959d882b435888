import type { Gateway } from '../gateway.ts';
import type { SharedLimits } from './links-options.ts';

/** The limits and budgets of a gateway, whose service a reload replaces. */
export function sharedLimits(gateway: Gateway): SharedLimits {
  const limiter = (): ReturnType<Gateway['service']>['limiter'] => gateway.service().limiter;
  const budgets = (): ReturnType<Gateway['service']>['keptBudgets']['budgets'] => gateway.service().keptBudgets.budgets;
  return {
    used: () => limiter().used(performance.now()),
    usedSince: () => limiter().usedSince(performance.now()),
    adopt: (peer, used) => {
      limiter().adopt(peer, used, performance.now());
    },
    adoptMore: (used) => {
      limiter().adoptMore(used, performance.now());
    },
    open: () => {
      const held = budgets().heldByOwner();
      return limiter()
        .openRequests()
        .map((one) => (held.has(one.id) ? { ...one, held: held.get(one.id) } : one));
    },
    adoptOpen: (peer, open) => {
      limiter().adoptOpen(peer, open);
      budgets().heldElsewhere.adopt(
        peer,
        open.flatMap(({ held }) => held ?? []),
      );
    },
  };
}
