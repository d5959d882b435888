import type { Fleet } from './fleet.ts';
import { clearPools, hasLimits } from './pool.ts';

/**
 * Removes draining parts without leases, waiters and loads. It looks at the whole fleet, so it runs at most once a tick, and only after
 * the last lease, waiter or load of one has ended.
 */
export function removeDrained(fleet: Fleet): void {
  const { backends, deployments, replicas, queues } = fleet;
  if (!fleet.isDraining || !fleet.mayRemoveDrained) return;
  fleet.mayRemoveDrained = false;
  const wanted = new Set<string>();
  for (const queue of queues.values()) for (const id of queue.deployments) wanted.add(id);
  const used = new Set<string>();
  for (const [id, { draining, inFlight, backend, replica }] of deployments) {
    // A load whose deployment is removed would block its backend for ever.
    if (draining && inFlight === 0 && !wanted.has(id) && replicas.get(replica)?.load === undefined)
      deployments.delete(id);
    else used.add(backend).add(replica);
  }
  for (const [url, backend] of backends) {
    const { draining, inFlight } = backend;
    if (draining && inFlight === 0 && !used.has(url)) {
      backends.delete(url);
      // A load or a request would keep it.
      fleet.ticks.implicit.delete(backend);
    }
  }
  for (const [id, replica] of replicas)
    if (replica.inFlight === 0 && !used.has(id)) {
      replicas.delete(id);
      fleet.ticks.timed.delete(replica);
      fleet.ticks.unlisted.delete(replica);
      backends.get(replica.backend)?.replicas.delete(replica);
    }
  fleet.isDraining = hasDraining(deployments) || hasDraining(backends);
  fleet.isLimited = hasLimits(fleet);
  clearPools(fleet);
}

/** Whether any of these parts waits for the end of its leases, waiters and loads. */
export function hasDraining(parts: ReadonlyMap<string, { readonly draining: boolean }>): boolean {
  for (const { draining } of parts.values()) if (draining) return true;
  return false;
}
