import type { GatewayConfig } from '../../schema/gateway-config.ts';
import { limitQueue } from '../route/admission.ts';
import type { FleetSpec } from '../route/fleet.ts';
import { loadForWaiters } from '../route/next-load.ts';
import type { Policy } from '../route/policy.ts';
import { runnerKey } from '../route/residency.ts';
import { isSingleByName } from '../route/single-slot.ts';
import { STRATEGIES } from '../route/strategy/strategies.ts';
import { yieldToLoads } from '../route/yield-to-load.ts';
import { providerOf } from '../upstream/providers.ts';

/** The fleet of a configuration, as routing knows it. */
export function fleetSpecOf({ backends, groups }: GatewayConfig): FleetSpec {
  const deployments = groups.flatMap((group) => [...group.deployments]);
  return {
    backends: backends.map((backend) => ({
      url: backend.url,
      managed: providerOf(backend).memory !== undefined,
      slots: backend.numParallel,
    })),
    deployments: deployments.map(({ id, url, weight, order, rpm, tpm, model, mode, options }) => ({
      id,
      backend: url,
      weight,
      order,
      rpm,
      tpm,
      model,
      runnerKey: runnerKey(options),
      single: mode === 'embedding' || isSingleByName(model),
    })),
  };
}

/** The routing policy of a configuration. */
export function policyOf({ routing: { strategy: name, allowedFails, cooldownMs }, queue }: GatewayConfig): Policy {
  const { random } = Math;
  const strategy = STRATEGIES[name];
  return {
    strategy,
    admit: limitQueue(queue.longest),
    nextLoad: loadForWaiters({ strategy, random }),
    yields: yieldToLoads,
    allowedFails,
    cooldownMs,
    random,
  };
}
