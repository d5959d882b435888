/** The values of `router_settings.routing_strategy` and `litellm_routing_strategy`; the first is the default. A name that is added here needs its file in `gateway/route/strategy/`: types see to that. */
export const ROUTING_STRATEGIES = [
  'least-busy',
  'simple-shuffle',
  'latency-based-routing',
  'usage-based-routing',
] as const;

/** One of {@link ROUTING_STRATEGIES}. */
export type RoutingStrategy = (typeof ROUTING_STRATEGIES)[number];
