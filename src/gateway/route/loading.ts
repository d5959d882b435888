import { candidatesOf, isUp, isWarm } from './candidate.ts';
import type { Decision, AttemptResult } from './event.ts';
import type { Backend, Fleet } from './fleet.ts';
import { setLoading } from './queue.ts';
import type { NextLoad, Policy } from './policy.ts';
import type { LoadWatch, ModelLoad, Replica } from './replica.ts';
import { markLoaded, markMaybeEvicted } from './residency.ts';
import { observeLoad } from './speed.ts';
import { beginTurn } from './turn.ts';

/** A load that only confirms that the model is in memory takes about 4 ms, more on a busy server: it says nothing about loads. */
export const LEAST_LOAD_MS = 100;
/** After this time a request has reached its server, which may still read its prompt, ms. */
const LONGEST_WAY_MS = 500;
const LEAST_EVICTING_LOAD_MS = 30;
const LONGEST_PAUSE_AFTER_FAILURE_MS = 15_000;

/** Starts the loads that the policy decides, one at a time on a backend. */
export function beginLoads(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  for (
    let next = policy.nextLoad(fleet, nowMs);
    next !== undefined && next.backend.loading === undefined;
    next = policy.nextLoad(fleet, nowMs)
  )
    startLoad(fleet, next, nowMs, out);
}

/** Runs the load clock of queues that wait only for a load: of their model, or of another one that comes first. */
export function keepLoadClocks(fleet: Fleet, policy: Policy, nowMs: number): void {
  for (const queue of fleet.queues.values()) {
    const candidates = candidatesOf(fleet, queue.deployments, [], nowMs);
    const waitsForLoad =
      candidates.some(({ backend }) => backend.loading !== undefined) &&
      !candidates.some((candidate) => isWarm(candidate) && !policy.yields(fleet, candidate, nowMs));
    setLoading(queue, waitsForLoad, nowMs);
  }
}

/** Records the end of a load of the gateway. */
export function endLoad(fleet: Fleet, replica: Replica, result: AttemptResult, nowMs: number): void {
  const { load } = replica;
  const backend = fleet.backends.get(replica.backend);
  const loadTime = backend === undefined || load === undefined ? undefined : loadTimeOf(backend, load, nowMs);
  if (backend?.loading === replica.id) backend.loading = undefined;
  replica.load = undefined;
  if (load === undefined) return;
  if (result === 'answered') {
    // The last list is out of date.
    if (backend !== undefined) backend.listed = undefined;
    markLoaded(replica.residency, load.runnerKey, nowMs);
    const tookMs = nowMs - load.sinceMs;
    if (loadTime !== undefined && (load.cold || tookMs >= LEAST_LOAD_MS))
      observeLoad(replica.speed, loadTime.tookMs, loadTime.isExact);
    if (backend !== undefined) beginTurn(backend, replica, load, nowMs);
    if (load.cold || tookMs >= LEAST_EVICTING_LOAD_MS) markOthersMaybeEvicted(fleet, replica, nowMs);
    replica.failedLoads = 0;
    return;
  }
  // The model that was in memory before may be gone.
  markMaybeEvicted(replica.residency, nowMs);
  if (result === 'busy') replica.pausedUntilMs = nowMs + 500;
  else if (result !== 'cancelled') {
    replica.failingUntilMs =
      nowMs + Math.min(1000 * 2 ** Math.min(replica.failedLoads, 10), LONGEST_PAUSE_AFTER_FAILURE_MS);
    replica.failedLoads += 1;
  }
}

/** The load in progress on a backend: the gateway's own, else one inside a client's request. */
export function loadInProgress(
  { replicas }: Fleet,
  { loading, implicitLoad }: Backend,
): { readonly replica: Replica; readonly watch: LoadWatch } | undefined {
  const replica = replicas.get(loading ?? '');
  if (replica?.load !== undefined) return { replica, watch: replica.load };
  return implicitLoad === undefined ? undefined : { replica: implicitLoad.replica, watch: implicitLoad };
}

/**
 * Expected duration of a load, ms: from loads of the model there, else of the backend's other models; `undefined` before the first
 * sample.
 */
export function expectedLoadMs(
  replicas: Fleet['replicas'],
  { backend, speed, load, residency }: Replica,
): number | undefined {
  // The model may be listed under another name, and be busy.
  const workMs = load === undefined && residency.state !== 'absent' ? (speed.serviceMs ?? 0) : 0;
  if (speed.loadMs !== undefined) return speed.loadMs + workMs;
  const others = [...replicas.values()].flatMap((replica) =>
    replica.backend === backend && replica.speed.loadMs !== undefined ? [replica.speed.loadMs * 2] : [],
  );
  return others.length === 0 ? undefined : Math.max(...others) + workMs;
}

/** Starts a load, on a backend without one in progress; it is held while a model that it may evict has a request on its way. */
export function startLoad(
  fleet: Fleet,
  { deployment, backend, replica, queue, mayEvict }: NextLoad,
  nowMs: number,
  out: Decision[],
): void {
  backend.loading = replica.id;
  fleet.tickWanted = true;
  replica.load = newLoad(backend, replica, { runnerKey: deployment.runnerKey, queue }, nowMs);
  if (mayEvict && hasRequestOnItsWay(backend, nowMs)) fleet.heldLoads.set(replica.id, deployment);
  else out.push({ kind: 'load', replica: replica.id, deployment: deployment.id });
}

/**
 * Sends the held loads of backends that have no request on its way any more. A load that no waiter needs any more, or whose backend
 * is down, is dropped.
 */
export function sendLoads(fleet: Fleet, nowMs: number, out: Decision[]): void {
  for (const [id, deployment] of fleet.heldLoads) {
    const backend = fleet.backends.get(deployment.backend);
    const replica = fleet.replicas.get(id);
    const load = replica?.load;
    if (backend === undefined || replica === undefined || load === undefined) fleet.heldLoads.delete(id);
    else if (!isUp(backend) || !fleet.queues.has(load.queue ?? '')) {
      fleet.heldLoads.delete(id);
      replica.load = undefined;
      backend.loading = undefined;
    } else if (!hasRequestOnItsWay(backend, nowMs)) {
      fleet.heldLoads.delete(id);
      // Its context may have changed while it was held.
      replica.load = newLoad(backend, replica, { runnerKey: deployment.runnerKey, queue: load.queue }, nowMs);
      out.push({ kind: 'load', replica: id, deployment: deployment.id });
    }
  }
}

function hasRequestOnItsWay({ inFlight, started, assignedMs }: Backend, nowMs: number): boolean {
  return inFlight > started && nowMs - assignedMs < LONGEST_WAY_MS;
}

function newLoad(
  { listed }: Backend,
  replica: Replica,
  load: Pick<ModelLoad, 'runnerKey' | 'queue'>,
  nowMs: number,
): ModelLoad {
  return {
    sinceMs: nowMs,
    runnerKey: load.runnerKey,
    queue: load.queue,
    cold: replica.residency.state === 'absent',
    model: replica.model,
    evictedMs: undefined,
    spared: new Set(),
    lastListed: listed?.join(' '),
    unchangedSinceMs: nowMs,
    lastUnloadMs: undefined,
    unloads: 0,
  };
}

// The duration of a load without the wait for models that had to go: from the last one that left. A load that found models at work
// may have waited for them, unseen.
function loadTimeOf(
  backend: Backend,
  { sinceMs, evictedMs }: ModelLoad,
  nowMs: number,
): { tookMs: number; isExact: boolean } {
  return {
    tookMs: nowMs - (evictedMs ?? sinceMs),
    isExact: evictedMs !== undefined || (backend.inFlight === 0 && backend.idleSinceMs <= sinceMs),
  };
}

// A load may have evicted one of the others: until the backend lists its memory, their next use starts with a load of the gateway's
// own.
function markOthersMaybeEvicted({ replicas }: Fleet, loaded: Replica, nowMs: number): void {
  for (const replica of replicas.values())
    if (replica !== loaded && replica.backend === loaded.backend && replica.inFlight === 0)
      markMaybeEvicted(replica.residency, nowMs);
}
