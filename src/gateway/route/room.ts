import { isSameModel } from '../../core/model-name.ts';
import { loadInProgress, type Backend, type Fleet } from './fleet.ts';
import type { ModelLoad, Replica } from './replica.ts';
import { applyListing } from './replica.ts';
import type { Listing } from './residency.ts';
import { observeMemory } from './stuck-load.ts';

/** Ollama measures a new model before it chooses a model to evict, and evicts it at once if it is idle, ms. */
const SETTLE_MS = 1000;
const MOST_SETS = 8;

/** Records that a backend has listed the models in its memory. */
export function observeList(fleet: Fleet, url: string, listing: Listing, nowMs: number): void {
  const backend = fleet.backends.get(url);
  const load = backend?.loading === undefined ? undefined : fleet.replicas.get(backend.loading)?.load;
  if (backend !== undefined) {
    const names = listing.models.map(({ name }) => name).toSorted();
    const watch = loadInProgress(fleet, backend)?.watch;
    if (watch === undefined) observeTogether(backend, names);
    else if (listing.askedMs >= watch.sinceMs) observeMemory(watch, names.join(' '), nowMs);
    if (load !== undefined && listing.askedMs >= load.sinceMs) observeEviction(backend, load, names, listing.askedMs);
    backend.listed = names;
  }
  for (const replica of fleet.replicas.values()) {
    if (replica.backend !== url) continue;
    applyListing(replica, listing);
    if (load !== undefined && isSpared(replica, load, listing.askedMs)) load.spared.add(replica.id);
  }
}

/** Whether a backend was seen with a model and everything that it holds now in memory: a load of the model evicts nothing. */
export function hasRoomFor({ listed, heldTogether }: Backend, model: string): boolean {
  if (listed === undefined) return false;
  return (
    listed.every((name) => isSameModel(name, model)) ||
    heldTogether.some((names) => [model, ...listed].every((name) => includes(names, name)))
  );
}

/**
 * Whether a model may have to go for a load of the gateway. It is spared if the backend has room for both, or if it was idle for a
 * while during the load and is still there: Ollama evicts an idle model at once.
 */
export function mayHaveToGo(backend: Backend, replica: Replica, loading: Replica): boolean {
  const { load } = loading;
  return load !== undefined && !load.spared.has(replica.id) && !hasRoomFor(backend, loading.model);
}

/** Whether a model has yielded to a load for so long that it will go with the load's end: its waiters are loaded elsewhere. */
export function isLeaving({ replicas }: Fleet, backend: Backend, replica: Replica, nowMs: number): boolean {
  const loading = backend.loading === undefined ? undefined : replicas.get(backend.loading);
  return (
    loading?.load !== undefined &&
    nowMs - loading.load.sinceMs > 2 * SETTLE_MS &&
    mayHaveToGo(backend, replica, loading)
  );
}

function observeTogether(backend: Backend, names: readonly string[]): void {
  const { heldTogether } = backend;
  if (names.length < 2 || heldTogether.some((known) => names.every((name) => known.includes(name)))) return;
  backend.heldTogether = [...heldTogether.filter((known) => !known.every((name) => names.includes(name))), names].slice(
    -MOST_SETS,
  );
}

// A model has left the memory: there is no room for both, and the next model may have to go too.
function observeEviction(backend: Backend, load: ModelLoad, names: readonly string[], askedMs: number): void {
  const gone = (backend.listed ?? []).filter((name) => !names.includes(name) && !isSameModel(name, load.model));
  if (gone.length === 0) return;
  load.evictedMs = askedMs;
  load.spared.clear();
  backend.heldTogether = backend.heldTogether.filter(
    (known) => !includes(known, load.model) || !gone.some((name) => known.includes(name)),
  );
}

function isSpared(replica: Replica, { sinceMs, evictedMs }: ModelLoad, askedMs: number): boolean {
  return (
    replica.residency.state === 'resident' &&
    replica.inFlight + replica.abandonedPrefills.length === 0 &&
    askedMs >= Math.max(sinceMs, evictedMs ?? sinceMs, replica.idleSinceMs) + SETTLE_MS
  );
}

function includes(names: readonly string[], model: string): boolean {
  return names.some((name) => isSameModel(name, model));
}
