import type { ModelGroup } from '../../schema/gateway-config.ts';
import { providerOf } from '../upstream/providers.ts';

/** The deployments of a group that get a request of the client's own API as it came; `undefined` if there is none. */
export function withOwnDialect(group: ModelGroup): ModelGroup | undefined {
  const [first, ...rest] = group.deployments.filter((deployment) => providerOf(deployment).forwardsOriginal);
  return first === undefined ? undefined : { ...group, deployments: [first, ...rest] };
}
