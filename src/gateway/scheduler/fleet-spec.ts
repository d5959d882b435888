import type { Deployment, GatewayConfig } from '../../schema/gateway-config.ts';
import type { FleetSpec } from '../route/fleet-spec.ts';
import { policyFor } from '../route/policies.ts';
import type { Policy } from '../route/policy.ts';
import type { PolicySettings } from '../route/trace.ts';
import { runnerKey } from '../route/residency.ts';
import { isSingleByName } from '../route/single-slot.ts';
import type { Contexts } from '../upstream/contexts.ts';
import { providerOf } from '../upstream/providers.ts';

/** The fleet of a configuration, as routing knows it, with the contexts that have grown and the backends that are drained. */
export function fleetSpecOf(
  { backends, groups, routing: { limits } }: GatewayConfig,
  contexts: Pick<Contexts, 'sized'>,
  backendDrains: { has(url: string): boolean },
): FleetSpec {
  const deployments = groups.flatMap(({ deployments: all }) =>
    all.flatMap((deployment) =>
      deployment.mockText === undefined ? [{ ...deployment, weight: weightOf(deployment, all) }] : [],
    ),
  );
  return {
    backends: backends.map((backend) => ({
      url: backend.url,
      managed: providerOf(backend).memory !== undefined,
      slots: backend.numParallel,
      room: backend.maxLoadedModels,
      ...(backendDrains.has(backend.url) ? { drained: true } : {}),
    })),
    deployments: deployments.map((deployment) => {
      const { id, url, weight, order, rpm, tpm, cooldownMs, model, mode } = deployment;
      return {
        id,
        backend: url,
        weight,
        order,
        rpm: limits.requests ? rpm : undefined,
        tpm: limits.tokens ? tpm : undefined,
        cooldownMs,
        model,
        runnerKey: runnerKey(contexts.sized(deployment).options),
        single: mode === 'embedding' || isSingleByName(model),
      };
    }),
    aliases: groups.map(({ name }) => name),
  };
}

// As LiteLLM's router_strategy/simple_shuffle.py: the first of these keys that any deployment has is the weight of all.
function weightOf(deployment: Deployment, all: readonly Deployment[]): number {
  const key = (['weight', 'rpm', 'tpm'] as const).find((name) => all.some((other) => (other[name] ?? 0) > 0));
  return key === undefined ? 1 : (deployment[key] ?? 0);
}

/** The parts of a configuration that a policy depends on. */
export interface PolicyConfig {
  readonly routing: Pick<GatewayConfig['routing'], 'strategy' | 'allowedFails' | 'cooldownMs'>;
  readonly queue: Pick<GatewayConfig['queue'], 'longest'>;
}

/** The settings of the policy of a configuration. */
export function policySettingsOf({
  routing: { strategy, allowedFails, cooldownMs },
  queue,
}: PolicyConfig): PolicySettings {
  return { strategy, longestQueue: queue.longest, allowedFails, cooldownMs };
}

/** The routing policy of a configuration; `random` gives numbers in [0, 1). */
export function policyOf(config: PolicyConfig, random: () => number = Math.random): Policy {
  const { strategy, ...settings } = policySettingsOf(config);
  return policyFor(strategy, { ...settings, random });
}
