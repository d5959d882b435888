import type { Gateway } from '../gateway.ts';
import type { SharedLimits } from './links-options.ts';

/** The limits of a gateway, whose service a reload replaces. */
export function sharedLimits(gateway: Gateway): SharedLimits {
  const limiter = (): ReturnType<Gateway['service']>['limiter'] => gateway.service().limiter;
  return {
    used: () => limiter().used(performance.now()),
    adopt: (peer, used) => {
      limiter().adopt(peer, used, performance.now());
    },
    open: () => limiter().openRequests(),
    adoptOpen: (peer, open) => {
      limiter().adoptOpen(peer, open);
    },
  };
}
