import type { ModelGroup } from '../../schema/gateway-config.ts';
import type { ParsedRequest } from '../client-dialect.ts';
import type { RequestContext } from '../request-context.ts';
import { replicaId } from '../route/replica.ts';
import { isReady } from '../route/residency.ts';

/** A request that only loads a model is complete at once if the model is in memory: it needs no slot. */
export function isLoaded(
  { service: { scheduler } }: RequestContext,
  { subrequests }: ParsedRequest,
  { deployments }: ModelGroup,
): boolean {
  if (!subrequests.every(({ request }) => request.kind === 'load')) return false;
  const { replicas, deployments: states } = scheduler.fleet;
  return deployments.some(({ id, url, model }) => {
    const residency = replicas.get(replicaId(url, model))?.residency;
    const wanted = states.get(id)?.runnerKey;
    return residency?.state === 'resident' && wanted !== undefined && isReady(residency, wanted);
  });
}
