import { DEFAULT_STRATEGY } from '../../core/routing-strategy.ts';
import type { GatewayConfig, ListenAddress } from '../../schema/gateway-config.ts';

/**
 * The differences from LiteLLM in the parts that a file leaves open, one sentence each. `listen` is the address if neither the file
 * nor a flag names one.
 */
export function differencesOf(
  { routing: { strategy, limits }, groups }: GatewayConfig,
  listen: ListenAddress | undefined,
): readonly string[] {
  const deployments = groups.flatMap((group) => (group.isFallback ? [] : group.deployments));
  const isUnlimited = (key: 'rpm' | 'tpm'): boolean =>
    deployments.some((deployment) => deployment[key] !== undefined) &&
    !(key === 'rpm' ? limits.requests : limits.tokens);
  const rates = (['rpm', 'tpm'] as const).filter((key) => isUnlimited(key));
  const steers = strategy === undefined || strategy === 'simple-shuffle';
  return [
    ...(strategy === undefined
      ? [
          `no router_settings.routing_strategy: ${DEFAULT_STRATEGY}, or simple-shuffle where the entries of an alias differ in weight, rpm or tpm; LiteLLM uses simple-shuffle for all`,
        ]
      : []),
    ...(listen === undefined
      ? []
      : [
          `no address: listening on ${listen.host}, LiteLLM on 0.0.0.0; set hxllm.listen to 0.0.0.0:${String(listen.port)}, or give --host 0.0.0.0, to serve other machines`,
        ]),
    ...(rates.length === 0
      ? []
      : [
          `${rates.join(' and ')} of entries ${steers ? 'are weights and no limits, as in LiteLLM' : `without effect with ${strategy}`}; set router_settings.optional_pre_call_checks to [enforce_model_rate_limits] for limits`,
        ]),
  ];
}
