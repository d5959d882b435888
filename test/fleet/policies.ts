import type { Policy } from '../../src/gateway/route/policy.ts';
import { policyOf } from '../../src/gateway/scheduler/fleet-spec.ts';
import { ROUTING_STRATEGIES, type RoutingStrategy } from '../../src/core/routing-strategy.ts';
import type { Random } from '../../src/simulation/random.ts';

/** The names of all strategies. */
export const STRATEGY_NAMES = ROUTING_STRATEGIES;

/** The policy of the product for a strategy, with the defaults of its configuration. */
export function productPolicy(strategy: RoutingStrategy, random: Random): Policy {
  return policyOf({ routing: { strategy, allowedFails: 3, cooldownMs: 5000 }, queue: { longest: 1000 } }, () =>
    random.next(),
  );
}
