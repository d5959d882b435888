import type { Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import type { ParsedRequest } from '../client-dialect.ts';
import type { Fleet } from '../route/fleet.ts';
import { replicaId } from '../route/replica.ts';

/** Of the runner's options that an order asks for those that not every server of its alias gives. A context that is larger than it has to be will do. */
export function unsupportedOptions(
  runner: ParsedRequest['runner'],
  { deployments }: ModelGroup,
  fleet: Fleet,
): readonly string[] {
  if (runner === undefined) return [];
  const missing = Object.entries(runner).filter(
    ([name, wanted]) => !deployments.every((deployment) => isGiven(name, wanted, deployment, fleet)),
  );
  return missing.map(([name]) => `options.${name}`);
}

/** How long a conversation a deployment takes: as its alias says, or else as was seen on its server; before a first load nobody knows. */
export function contextOf({ url, model, options }: Deployment, { replicas }: Fleet): number | undefined {
  const fixed = options['num_ctx'];
  return typeof fixed === 'number' ? fixed : replicas.get(replicaId(url, model))?.residency.context;
}

function isGiven(name: string, wanted: unknown, deployment: Deployment, fleet: Fleet): boolean {
  if (name !== 'num_ctx') return deployment.options[name] === wanted;
  const given = contextOf(deployment, fleet);
  return given !== undefined && typeof wanted === 'number' && wanted <= given;
}
