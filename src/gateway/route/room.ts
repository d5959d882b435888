import { isSameModel } from '../../core/model-name.ts';
import { isApart, observeLeft } from './apart.ts';
import { touchBackend, touchMemory } from './attention.ts';
import { fittingOf, includesModel, residentsOf } from './in-memory.ts';
import type { Backend, Fleet } from './fleet.ts';
import { loadInProgress } from './load-in-progress.ts';
import { applyListing, victimOf, type ModelLoad, type Replica, type Victim } from './replica.ts';
import { markOutdated, type Listing } from './residency.ts';
import { observeMemory } from './stuck-load.ts';
import { observeListed } from './tick-index.ts';

/** Ollama measures a new model before it chooses a model to evict, and evicts it at once if it is idle, ms. */
const SETTLE_MS = 1000;
const MOST_SETS = 64;

/** Records that a backend has listed the models in its memory. */
export function observeList(fleet: Fleet, url: string, listing: Listing, nowMs: number): void {
  const backend = fleet.backends.get(url);
  const load = backend?.loading === undefined ? undefined : fleet.replicas.get(backend.loading)?.load;
  if (backend !== undefined) {
    backend.seenMs = nowMs;
    const names = listing.models.map(({ name }) => name).toSorted();
    // While a load runs, each list may spare models, or show that they have to go.
    const isSame = isSameList(backend.listed, names);
    if (backend.loading !== undefined || backend.implicitLoad !== undefined || !isSame) touchBackend(fleet, backend);
    const watch = loadInProgress(fleet, backend)?.watch;
    // A held load has not been sent.
    if (watch === undefined || fleet.heldLoads.has(backend.loading ?? ''))
      observeLeft(backend.apart, names, listing.askedMs);
    if (watch === undefined) observeTogether(backend, names, listing);
    else if (listing.askedMs >= watch.sinceMs) observeMemory(watch, names.join(' '), nowMs);
    if (load !== undefined && listing.askedMs >= load.sinceMs) observeEviction(backend, load, names, listing.askedMs);
    // The same list goes on counting, so that nothing that rests on it is found anew.
    if (!isSame) backend.listed = names;
  }
  if (backend === undefined) return;
  for (const replica of backend.replicas) {
    if (applyListing(replica, listing)) touchMemory(fleet, replica);
    observeListed(fleet, replica);
    // It is in memory under the name of another model.
    if (replica.residency.listedOthers !== undefined) fleet.sharesRunners = true;
  }
  if (load !== undefined) observeSpared(backend, load, listing.askedMs);
}

// A model at work that is not listed under its own name may be any of those listed, which then are not idle.
function observeSpared({ replicas }: Backend, load: ModelLoad, askedMs: number): void {
  for (const replica of replicas) if (!isIdle(replica) && replica.residency.listedOthers !== undefined) return;
  for (const replica of replicas) if (isSpared(replica, load, askedMs)) load.spared.add(replica.id);
}

function isIdle({ inFlight, abandonedPrefills }: Replica): boolean {
  return inFlight + abandonedPrefills.length === 0;
}

/** Whether a backend was seen with a model and everything that it holds now in memory: a load of the model evicts nothing. */
export function hasRoomFor(backend: Backend, replica: Replica): boolean {
  return fittingOf(backend).includes(replica);
}

/** Whether a load with these options ends the runner that a model has: it has one, so this is as good as an eviction. */
export function endsRunner({ residency }: Replica, runner: string): boolean {
  return residency.state === 'resident' && residency.runner !== runner;
}

/** Whether there is room, as far as is known. */
type Room = 'free' | 'full' | 'unknown';

/** Whether a backend has room for a model beside those that it holds, as far as is known. */
export function roomFor(backend: Backend, replica: Replica): Room {
  if (hasRoomFor(backend, replica)) return 'free';
  const room = roomForOthers(backend);
  // A stated number says how many models a server may hold, and not that it has memory for these.
  return room === 'free' && backend.room !== undefined && isApart(backend.apart, namesHeldBy(backend), replica.model)
    ? 'full'
    : room;
}

/** The same for a model that the backend was not seen with. */
export function roomForOthers(backend: Backend): Room {
  const { room, fullAt, heldTogether } = backend;
  const held = heldBy(backend);
  if (room !== undefined) return held < room ? 'free' : 'full';
  if (fullAt !== undefined && held >= fullAt) return 'full';
  return held > 0 && heldTogether.some(({ length }) => length > held) ? 'free' : 'unknown';
}

/**
 * Whether a backend has proven to have memory for a model of this size beside those that it holds: it had as many bytes of models in it at
 * the same time. Where sizes are unknown, the number of models is all that is known.
 */
export function hasBytesFor(
  { room, mostBytes, listed = [], replicas }: Backend,
  sizeBytes: number | undefined,
): boolean {
  if (room !== undefined || mostBytes === 0 || sizeBytes === undefined) return true;
  let bytes = sizeBytes;
  let sized = 0;
  for (const replica of replicas) {
    if (replica.residency.state !== 'resident' || replica.sizeBytes === undefined) continue;
    bytes += replica.sizeBytes;
    sized += 1;
  }
  return sized === listed.length && bytes <= mostBytes;
}

/** Whether a load runs on a backend or waits for room, the gateway's or a client's: another load could revive the model that is to go. */
export function isTaken({ loading, implicitLoad, makingRoom }: Backend): boolean {
  return loading !== undefined || makingRoom !== undefined || implicitLoad?.replica.residency.state === 'absent';
}

/** Whether a model is about to be unloaded. */
export function isVictim({ makingRoom }: Backend, replica: Replica): boolean {
  return makingRoom?.victim === replica;
}

// Between a load and the next list the gateway's own knowledge counts.
function heldBy(backend: Backend): number {
  return backend.listed?.length ?? residentsOf(backend).length;
}

function namesHeldBy(backend: Backend): readonly string[] {
  return backend.listed ?? residentsOf(backend).map(({ model }) => model);
}

/**
 * Whether a model may have to go for a load, the gateway's or one inside a client's request. It is spared if the backend has room for both, or if it was idle for a
 * while during the load and is still there: Ollama evicts an idle model at once.
 */
export function mayHaveToGo(backend: Backend, replica: Replica, loading: Replica): boolean {
  const { load, residency } = loading;
  // A model that is listed under another name may be in memory: its request is no load.
  if (load === undefined) return residency.state === 'absent' && !hasRoomFor(backend, loading);
  // Until a list has shown a model under its own name, it may share the runner that this load ends.
  if (endsRunner(loading, load.runnerKey) && replica.residency.context === undefined) return true;
  return !load.spared.has(replica.id) && !hasRoomFor(backend, loading);
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

function observeTogether(backend: Backend, names: readonly string[], { models }: Listing): void {
  let bytes = 0;
  for (const { sizeBytes = 0 } of models) bytes += sizeBytes;
  backend.mostBytes = Math.max(backend.mostBytes, bytes);
  if (backend.fullAt !== undefined && names.length > backend.fullAt) backend.fullAt = undefined;
  const { heldTogether } = backend;
  if (names.length < 2 || heldTogether.some((known) => names.every((name) => known.includes(name)))) return;
  backend.heldTogether = [...heldTogether.filter((known) => !known.every((name) => names.includes(name))), names].slice(
    -MOST_SETS,
  );
}

function isSameList(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a?.length === b.length && a.every((name, index) => name === b[index]);
}

// A model has left the memory: there is no room for both, and the next model may have to go too.
function observeEviction(backend: Backend, load: ModelLoad, names: readonly string[], askedMs: number): void {
  const gone = (backend.listed ?? []).filter((name) => !names.includes(name) && !isSameModel(name, load.model));
  if (gone.length === 0) return;
  load.evictedMs = askedMs;
  // A model that the gateway has unloaded may be in a list that was on its way.
  const unknown = gone.filter((name) => !load.victims.some(({ model }) => isSameModel(name, model)));
  load.victims = [...load.victims, ...unknown.map((model) => victimNamed(backend, model, askedMs))];
  backend.fullAt = backend.listed?.length;
  load.spared.clear();
  backend.heldTogether = backend.heldTogether.filter(
    (known) => !includesModel(known, load.model) || !gone.some((name) => known.includes(name)),
  );
}

function victimNamed({ replicas }: Backend, name: string, nowMs: number): Victim {
  for (const replica of replicas) if (isSameModel(name, replica.model)) return victimOf(replica, nowMs);
  return { model: name, idleMs: undefined };
}

function isSpared(replica: Replica, { sinceMs, evictedMs }: ModelLoad, askedMs: number): boolean {
  return (
    replica.residency.state === 'resident' &&
    isIdle(replica) &&
    askedMs >= Math.max(sinceMs, evictedMs ?? sinceMs, replica.idleSinceMs) + SETTLE_MS
  );
}

/**
 * Records what the end of a load says of the other models: it may have evicted them, so until the backend lists its memory, their next use
 * starts with a load of the gateway's own. Lists that were asked for before may show the models that were unloaded for it.
 */
export function observeLoadEnd(
  fleet: Fleet,
  { replicas }: Backend,
  loaded: Replica,
  { victims }: ModelLoad,
  mayEvict: boolean,
  nowMs: number,
): void {
  for (const replica of replicas) {
    if (replica === loaded || replica.inFlight > 0) continue;
    const wasUnloaded = victims.some(({ model }) => isSameModel(model, replica.model));
    if (!wasUnloaded && (!mayEvict || replica.residency.state !== 'resident')) continue;
    markOutdated(replica.residency, nowMs);
    touchMemory(fleet, replica);
  }
}
