import { isUp } from './candidate.ts';
import { isSameModel } from '../../core/model-name.ts';
import { observeBefore, observeLoaded } from './apart.ts';
import { touchBackend, touchMemory } from './attention.ts';
import type { Decision, AttemptResult } from './event.ts';
import type { Backend, DeploymentState, Fleet } from './fleet.ts';
import { countIfSlotFree } from './needless-load.ts';
import { firstWaiters } from './queue.ts';
import { residentsOf } from './in-memory.ts';
import { nextLook, repeat } from './load-look.ts';
import type { NextLoad, Policy } from './policy.ts';
import { clearPromptCache } from './prompt-cache.ts';
import { countIfUnused, victimOf, type ModelLoad, type Replica, type Victim } from './replica.ts';
import { markLoaded, markMaybeEvicted, markUnloaded } from './residency.ts';
import { hasRoomFor, observeLoadEnd } from './room.ts';
import { observeLoad } from './speed.ts';
import { beginTurn } from './turn.ts';

/** A load that only confirms that the model is in memory takes about 4 ms, more on a busy server: it says nothing about loads. */
export const LEAST_LOAD_MS = 100;
/** After this time a request has reached its server, which may still read its prompt, ms. */
const LONGEST_WAY_MS = 500;
const LEAST_EVICTING_LOAD_MS = 30;
const LONGEST_PAUSE_AFTER_FAILURE_MS = 15_000;
/** A load waits for the model that has to go at most so long; then the backend chooses one. */
const LONGEST_ROOM_MS = 30_000;

/** Starts the loads that the policy decides, one at a time on a backend. */
export function beginLoads(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  const look = nextLook(fleet, nowMs);
  if (look === undefined) return;
  let next = policy.nextLoad(fleet, look, nowMs);
  while (next !== undefined && next.backend.loading === undefined && next.backend.makingRoom === undefined) {
    makeRoom(fleet, next, nowMs, out);
    repeat(look);
    next = policy.nextLoad(fleet, look, nowMs);
  }
}

/** Starts the loads whose room is made: the model that had to go is idle, or has not become idle in time. */
export function finishMakingRoom(fleet: Fleet, nowMs: number, out: Decision[]): void {
  for (const backend of fleet.makingRoom) {
    const { makingRoom } = backend;
    if (makingRoom === undefined) continue;
    const { replica, deployment, victim, queue, reason, sinceMs } = makingRoom;
    const isWanted = isStillWanted(fleet, queue, deployment);
    const isOver = nowMs - sinceMs >= LONGEST_ROOM_MS;
    if (isWanted && isUp(backend) && !isOver && victim.residency.state === 'resident' && isAtWork(victim)) continue;
    backend.makingRoom = undefined;
    touchBackend(fleet, backend);
    fleet.makingRoom.delete(backend);
    if (isWanted && isUp(backend))
      makeRoom(fleet, { deployment, backend, replica, victim, queue, reason, mayEvict: true, isOver }, nowMs, out);
  }
}

// Unloads the model that has to go, and then loads; a model at work is waited for.
function makeRoom(
  fleet: Fleet,
  { isOver = false, ...next }: NextLoad & { readonly isOver?: boolean },
  nowMs: number,
  out: Decision[],
): void {
  const { deployment, backend, replica, victim, queue, reason } = next;
  let victims: readonly Victim[] = [];
  if (victim?.residency.state === 'resident' && !isOver) {
    if (isAtWork(victim)) {
      backend.makingRoom = { replica, deployment, victim, queue, reason, sinceMs: nowMs };
      fleet.makingRoom.add(backend);
      touchBackend(fleet, backend);
      fleet.tickWanted = true;
      return;
    }
    // A load with other options ends the model's own runner.
    if (victim !== replica) {
      out.push({ kind: 'unload', backend: backend.url, model: victim.model, reason: 'room', loads: replica.model });
      victims = [victimOf(victim, nowMs)];
      markUnloaded(victim.residency, nowMs);
      touchMemory(fleet, victim);
      countIfUnused(victim);
      backend.listed = backend.listed?.filter((name) => !isSameModel(name, victim.model));
    }
    startLoad(fleet, { ...next, mayEvict: !hasRoomFor(backend, replica) }, nowMs, out, victims);
  } else startLoad(fleet, next, nowMs, out);
}

function isAtWork({ inFlight, abandonedPrefills }: Replica): boolean {
  return inFlight + abandonedPrefills.length > 0;
}

/** Records the end of a load of the gateway. */
export function endLoad(fleet: Fleet, replica: Replica, result: AttemptResult, nowMs: number): void {
  const { load } = replica;
  const backend = fleet.backends.get(replica.backend);
  const loadTime = backend === undefined || load === undefined ? undefined : loadTimeOf(backend, load, nowMs);
  if (backend?.loading === replica.id) {
    backend.loading = undefined;
    fleet.ticks.loading.delete(backend);
    fleet.mayRemoveDrained = true;
  }
  replica.load = undefined;
  touchMemory(fleet, replica);
  if (load === undefined) return;
  if (result === 'answered') {
    // The last list is out of date.
    if (backend !== undefined) backend.listed = undefined;
    markLoaded(replica.residency, load.runnerKey, nowMs);
    if (load.cold || nowMs - load.sinceMs >= LEAST_LOAD_MS) {
      clearPromptCache(replica.promptCache);
      replica.loadedMs = nowMs;
      countIfUnused(replica);
      replica.isUnused = true;
      const { reason, victims, sinceMs } = load;
      replica.lastLoad = { reason, victims, endedMs: nowMs, tookMs: nowMs - sinceMs };
    }
    const tookMs = nowMs - load.sinceMs;
    if (loadTime !== undefined && (load.cold || tookMs >= LEAST_LOAD_MS))
      observeLoad(replica.speed, loadTime.tookMs, loadTime.isExact);
    if (backend !== undefined) {
      backend.memory.longestLoad = undefined;
      beginTurn(backend, replica, load, nowMs);
      observeLoaded(backend.apart, replica.model, nowMs);
    }
    const mayEvict = !load.fits && (load.cold || tookMs >= LEAST_EVICTING_LOAD_MS);
    if (backend !== undefined) observeLoadEnd(fleet, backend, replica, load, mayEvict, nowMs);
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

/** Starts a load, on a backend without one in progress; it is held while a model that it may evict has a request on its way. */
export function startLoad(
  fleet: Fleet,
  { deployment, backend, replica, queue, reason, mayEvict }: NextLoad,
  nowMs: number,
  out: Decision[],
  victims: readonly Victim[] = [],
): void {
  backend.loading = replica.id;
  fleet.ticks.loading.add(backend);
  touchMemory(fleet, replica);
  touchBackend(fleet, backend);
  fleet.tickWanted = true;
  replica.load = newLoad(backend, replica, { runnerKey: deployment.runnerKey, queue, reason, victims }, nowMs);
  if (mayEvict && hasRequestOnItsWay(backend, nowMs)) fleet.heldLoads.set(replica.id, deployment);
  else send(fleet, backend, replica, deployment, queue, nowMs, out);
}

function send(
  fleet: Fleet,
  backend: Backend,
  replica: Replica,
  deployment: DeploymentState,
  queue: string | undefined,
  nowMs: number,
  out: Decision[],
): void {
  countIfSlotFree(fleet, replica, queue, nowMs);
  observeBefore(backend.apart, residentsOf(backend), replica);
  out.push({ kind: 'load', replica: replica.id, deployment: deployment.id });
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
    else if (!isUp(backend) || !isStillWanted(fleet, load.queue, deployment)) {
      fleet.heldLoads.delete(id);
      replica.load = undefined;
      backend.loading = undefined;
      touchMemory(fleet, replica);
      touchBackend(fleet, backend);
      fleet.ticks.loading.delete(backend);
      fleet.mayRemoveDrained = true;
    } else if (!hasRequestOnItsWay(backend, nowMs)) {
      fleet.heldLoads.delete(id);
      // Its context may have changed while it was held.
      replica.load = newLoad(backend, replica, { ...load, runnerKey: deployment.runnerKey }, nowMs);
      send(fleet, backend, replica, deployment, load.queue, nowMs, out);
    }
  }
}

// A waiter that has tried the deployment has no use for it.
function isStillWanted({ queues }: Fleet, key: string | undefined, { id }: DeploymentState): boolean {
  const queue = queues.get(key ?? '');
  if (queue !== undefined) for (const { tried } of firstWaiters(queue)) if (!tried.includes(id)) return true;
  return false;
}

function hasRequestOnItsWay({ inFlight, started, assignedMs }: Backend, nowMs: number): boolean {
  return inFlight > started && nowMs - assignedMs < LONGEST_WAY_MS;
}

/** A load that begins now. */
export function newLoad(
  backend: Backend,
  replica: Replica,
  { runnerKey, queue, reason, victims }: Pick<ModelLoad, 'runnerKey' | 'queue' | 'reason' | 'victims'>,
  nowMs: number,
): ModelLoad {
  return {
    sinceMs: nowMs,
    runnerKey,
    queue,
    reason,
    victims,
    cold: replica.residency.state === 'absent',
    model: replica.model,
    evictedMs: undefined,
    spared: new Set(),
    fits: hasRoomFor(backend, replica),
    lastListed: backend.listed?.join(' '),
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
