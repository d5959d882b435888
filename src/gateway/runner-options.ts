import type { Deployment, ModelGroup } from '../schema/gateway-config.ts';
import type { Order } from './exchange.ts';
import type { Fleet } from './route/fleet.ts';
import { replicaId } from './route/replica.ts';

/** Of the runner's options that an order asks for those that not every server of its alias gives. A context that is larger than it has to be will do. */
export function notGiven(runner: Order['runner'], { deployments }: ModelGroup, fleet: Fleet): readonly string[] {
  const missing = Object.entries(runner ?? {}).filter(([name, wanted]) => !deployments.every((deployment) => isGiven(name, wanted, deployment, fleet)));
  return missing.map(([name]) => `options.${name}`);
}

function isGiven(name: string, wanted: unknown, { url, model, options }: Deployment, { replicas }: Fleet): boolean {
  if (name !== 'num_ctx') return options[name] === wanted;
  // Where the alias leaves it to the server, what was seen there counts; before a first load nobody knows.
  const given = options[name] ?? replicas.get(replicaId(url, model))?.residence.context;
  return typeof given === 'number' && typeof wanted === 'number' && wanted <= given;
}
