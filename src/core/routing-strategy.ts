/**
 * The values of `router_settings.routing_strategy` and of the variable `litellm_routing_strategy`; the first is the default. A new
 * strategy is a name here and its file in `gateway/route/strategy/`, with its line in `strategies.ts`: the compiler asks for both.
 */
export const ROUTING_STRATEGIES = [
  'fleet',
  'least-busy',
  'simple-shuffle',
  'latency-based-routing',
  'usage-based-routing',
] as const;

/** One of {@link ROUTING_STRATEGIES}. */
export type RoutingStrategy = (typeof ROUTING_STRATEGIES)[number];

/** The strategy that is used if none is named, or one that hxllm does not have. */
export const DEFAULT_STRATEGY: RoutingStrategy = ROUTING_STRATEGIES[0];

/** Names of LiteLLM's that are accepted, with the strategy that serves them; `undefined`: the default does, with a warning. */
export const LITELLM_STRATEGIES = {
  'usage-based-routing-v2': 'usage-based-routing',
  'cost-based-routing': undefined,
} as const satisfies Readonly<Record<string, RoutingStrategy | undefined>>;

/** Every name that a file may have. */
export const STRATEGY_NAMES = [
  ...ROUTING_STRATEGIES,
  'usage-based-routing-v2',
  'cost-based-routing',
] as const satisfies readonly (RoutingStrategy | keyof typeof LITELLM_STRATEGIES)[];

/** The strategy that serves a name of a file; `undefined` if hxllm has none for it. */
export function strategyOf(name: (typeof STRATEGY_NAMES)[number]): RoutingStrategy | undefined {
  return name in LITELLM_STRATEGIES
    ? LITELLM_STRATEGIES[name as keyof typeof LITELLM_STRATEGIES] // `in` has just found it
    : (name as RoutingStrategy); // the only names left
}
