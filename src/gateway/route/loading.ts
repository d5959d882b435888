import { candidatesOf, isWarm, type Candidate } from './candidate.ts';
import type { Decision, AttemptResult } from './event.ts';
import type { Backend, Fleet } from './fleet.ts';
import { setLoading } from './queue.ts';
import type { Policy } from './policy.ts';
import type { ModelLoad, Replica } from './replica.ts';
import { markLoaded, markMaybeEvicted } from './residency.ts';
import { observeLoad } from './speed.ts';
import { beginTurn } from './turn.ts';

/** A load that only confirms that the model is in memory takes about 4 ms, more on a busy server: it says nothing about loads. */
export const LEAST_LOAD_MS = 100;
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
  } else if (result === 'busy') replica.pausedUntilMs = nowMs + 500;
  else if (result !== 'cancelled') {
    replica.failingUntilMs =
      nowMs + Math.min(1000 * 2 ** Math.min(replica.failedLoads, 10), LONGEST_PAUSE_AFTER_FAILURE_MS);
    replica.failedLoads += 1;
  }
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

/** Starts a load, on a backend without one in progress. */
export function startLoad(
  fleet: Fleet,
  { deployment, backend, replica }: Candidate,
  nowMs: number,
  out: Decision[],
): void {
  backend.loading = replica.id;
  replica.load = {
    sinceMs: nowMs,
    runnerKey: deployment.runnerKey,
    cold: replica.residency.state === 'absent',
    model: replica.model,
    evictedMs: undefined,
    spared: new Set(),
    lastListed: backend.listed?.join(' '),
    unchangedSinceMs: nowMs,
    lastUnloadMs: undefined,
    unloads: 0,
  };
  fleet.tickWanted = true;
  out.push({ kind: 'load', replica: replica.id, deployment: deployment.id });
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
