import type { RoutingStrategy } from '../../../core/routing-strategy.ts';
import { fleetRouting } from './fleet-routing.ts';
import { latencyBased } from './latency-based.ts';
import { leastBusy } from './least-busy.ts';
import { simpleShuffle } from './simple-shuffle.ts';
import type { Strategy } from './strategy.ts';
import { usageBased } from './usage-based.ts';

/** Every strategy, by its name in `router_settings.routing_strategy`. */
export const STRATEGIES: Readonly<Record<RoutingStrategy, Strategy>> = {
  fleet: fleetRouting,
  'least-busy': leastBusy,
  'simple-shuffle': simpleShuffle,
  'latency-based-routing': latencyBased,
  'usage-based-routing': usageBased,
};
