import type { Fleet } from './fleet.ts';
import { clearPools } from './pool.ts';

/**
 * Removes draining parts without leases, waiters and loads. It looks at the whole fleet, so it runs once a tick and not for each
 * lease that ends.
 */
export function removeDrained(fleet: Fleet): void {
  const { backends, deployments, replicas, queues } = fleet;
  if (!hasDraining(deployments) && !hasDraining(backends)) return;
  const wanted = new Set<string>();
  for (const queue of queues.values()) for (const id of queue.deployments) wanted.add(id);
  const used = new Set<string>();
  for (const [id, { draining, inFlight, backend, replica }] of deployments) {
    // A load whose deployment is removed would block its backend for ever.
    if (draining && inFlight === 0 && !wanted.has(id) && replicas.get(replica)?.load === undefined)
      deployments.delete(id);
    else used.add(backend).add(replica);
  }
  for (const [url, { draining, inFlight }] of backends)
    if (draining && inFlight === 0 && !used.has(url)) backends.delete(url);
  for (const [id, replica] of replicas)
    if (replica.inFlight === 0 && !used.has(id)) {
      replicas.delete(id);
      backends.get(replica.backend)?.replicas.delete(replica);
    }
  clearPools(fleet);
}

function hasDraining(parts: ReadonlyMap<string, { readonly draining: boolean }>): boolean {
  for (const { draining } of parts.values()) if (draining) return true;
  return false;
}
