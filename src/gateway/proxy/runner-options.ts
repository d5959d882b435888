import type { Deployment } from '../../schema/gateway-config.ts';
import type { ParsedRequest } from '../client-dialect.ts';
import type { Fleet } from '../route/fleet.ts';
import { replicaId } from '../route/replica.ts';

/**
 * The runner options of a request that some of these deployments do not give. A context larger than the one asked for counts
 * as given.
 */
export function unsupportedOptions(
  runner: ParsedRequest['runner'],
  deployments: readonly Deployment[],
  fleet: Fleet,
): readonly string[] {
  if (runner === undefined) return [];
  const missing = Object.entries(runner).filter(
    ([at, wanted]) =>
      !deployments.every((deployment) => isGiven(at.replace(/^options\./, ''), wanted, deployment, fleet)),
  );
  return missing.map(([at]) => at);
}

/**
 * The context length of a deployment, in tokens: fixed by its alias, or else seen on its backend; `undefined` before the first
 * load.
 */
export function contextOf({ url, model, options }: Deployment, { replicas }: Fleet): number | undefined {
  const fixed = options['num_ctx'];
  return typeof fixed === 'number' ? fixed : replicas.get(replicaId(url, model))?.residency.context;
}

function isGiven(name: string, wanted: unknown, deployment: Deployment, fleet: Fleet): boolean {
  if (name !== 'num_ctx') return deployment.options[name] === wanted;
  const given = contextOf(deployment, fleet);
  return given !== undefined && typeof wanted === 'number' && wanted <= given;
}
