import { forgetMemory } from './in-memory.ts';
import type { Candidate, DeploymentState, Fleet, Pool } from './fleet.ts';

/** Lists that begin with the same deployment: of an alias, and of requests that are pinned to one backend. */
const MOST_ALIKE = 8;

/** The pool of these deployments. */
export function poolOf(fleet: Fleet, ids: readonly string[]): Pool {
  const alike = fleet.pools.get(ids[0] ?? '');
  if (alike !== undefined) for (const pool of alike) if (isSameList(pool.ids, ids)) return pool;
  return addPool(fleet, ids, alike);
}

/** A deployment with its backend and replica; `undefined` if it is not known. */
export function candidateOf(fleet: Fleet, id: string): Candidate | undefined {
  const deployment = fleet.deployments.get(id);
  const backend = fleet.backends.get(deployment?.backend ?? '');
  const replica = fleet.replicas.get(deployment?.replica ?? '');
  return deployment === undefined || backend === undefined || replica === undefined
    ? undefined
    : { deployment, backend, replica };
}

/** Makes all pools anew: the deployments of the fleet have changed. */
export function clearPools(fleet: Fleet): void {
  fleet.pools.clear();
  fleet.poolsOf.clear();
  fleet.claims.clear();
  for (const backend of fleet.backends.values()) forgetMemory(backend.memory);
  for (const queue of fleet.queues.values()) poolOf(fleet, queue.deployments).queues.push(queue);
}

/** Whether any deployment has limits that requests may use up. */
export function hasLimits({ deployments }: Pick<Fleet, 'deployments'>): boolean {
  for (const deployment of deployments.values()) if (isLimited(deployment)) return true;
  return false;
}

function isLimited({ limits: { requests, tokens } }: DeploymentState): boolean {
  return requests !== undefined || tokens !== undefined;
}

/** The key of the queue of an alias whose requests may use the deployments of a pool. */
export function queueKeyOf({ ids, queueKeys }: Pool, name: string): string {
  let key = queueKeys.get(name);
  if (key === undefined) {
    key = [name, ...ids].join('\n');
    queueKeys.set(name, key);
  }
  return key;
}

function addPool(fleet: Fleet, ids: readonly string[], alike: readonly Pool[] = []): Pool {
  const candidates = ids.flatMap((id) => candidateOf(fleet, id) ?? []);
  const order = candidates[0]?.deployment.order;
  const pool: Pool = {
    ids,
    queueKeys: new Map(),
    queues: [],
    warm: undefined,
    hasUnready: false,
    onBackend: Map.groupBy(candidates, ({ backend }) => backend),
    candidates,
    isLimited: candidates.some(({ deployment }) => isLimited(deployment)),
    hasOrder: candidates.some(({ deployment }) => deployment.order !== order),
  };
  for (const { replica } of candidates) {
    const known = fleet.poolsOf.get(replica);
    if (known === undefined) fleet.poolsOf.set(replica, [pool]);
    else if (!known.includes(pool)) known.push(pool);
  }
  const kept = alike.filter(({ queues }, index) => index < MOST_ALIKE - 1 || queues.length > 0);
  for (const old of alike) if (!kept.includes(old)) removePool(fleet, old);
  fleet.pools.set(ids[0] ?? '', [pool, ...kept]);
  return pool;
}

function removePool({ poolsOf }: Fleet, pool: Pool): void {
  for (const { replica } of pool.candidates) {
    const pools = poolsOf.get(replica);
    const index = pools?.indexOf(pool) ?? -1;
    if (index !== -1) pools?.splice(index, 1);
  }
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
