import type { Decision } from './event.ts';
import { loadInProgress, type Fleet, type Lease } from './fleet.ts';
import { expectedLoadMs } from './loading.ts';
import type { Replica, LoadWatch } from './replica.ts';
import { isSame, markLoaded } from './residency.ts';

const UNKNOWN_MS = 60_000;
const LEAST_MS = 5000;
const CURE_PAUSE_MS = 5000;

/**
 * Cures loads that do not end. A `keep_alive` from elsewhere can revive the model that is to make room, and then all loads wait
 * on an idle server: what is seen to stay in memory without work is unloaded by name, one after the other.
 */
export function unstickLoads(fleet: Fleet, nowMs: number, out: Decision[]): void {
  for (const backend of fleet.backends.values()) {
    const underway = loadInProgress(fleet, backend);
    if (underway === undefined) continue;
    const { replica, watch } = underway;
    if (nowMs - (watch.lastUnloadMs ?? watch.sameSinceMs + patienceMs(fleet, replica) - CURE_PAUSE_MS) < CURE_PAUSE_MS)
      continue;
    watch.lastUnloadMs = nowMs;
    const idle = (backend.listed ?? []).filter(
      (name) => !isSame(name, replica.model) && !isAtWork(fleet, backend.url, name),
    );
    const victim = idle[watch.unloads % Math.max(1, idle.length)];
    watch.unloads += 1;
    if (victim !== undefined) out.push({ kind: 'unload', backend: backend.url, model: victim });
  }
}

/** A server has listed what is in its memory while something is being loaded there. */
export function observeMemory(watch: LoadWatch, listed: string, nowMs: number): void {
  if (watch.besides === listed) return;
  if (watch.besides !== undefined) Object.assign(watch, { sameSinceMs: nowMs, lastUnloadMs: undefined });
  watch.besides = listed;
}

/** Notes whose requests wait inside a server that does not show their model, so that ticks watch over them as over a load. */
export function findImplicitLoads(fleet: Fleet, nowMs: number): void {
  for (const backend of fleet.backends.values())
    if (backend.implicitLoad !== undefined && !isWaiting(backend.implicitLoad.replica))
      backend.implicitLoad = undefined;
  for (const replica of fleet.replicas.values()) {
    const backend = fleet.backends.get(replica.backend);
    if (backend === undefined || !isWaiting(replica)) continue;
    backend.implicitLoad ??= {
      replica,
      sinceMs: nowMs,
      besides: backend.listed?.join(' '),
      sameSinceMs: nowMs,
      lastUnloadMs: undefined,
      unloads: 0,
    };
    fleet.tickWanted = true;
  }
}

/** Something was answered there, so the model is in memory as it was asked for, whatever was listed. */
export function observeAnswer({ deployment, backend, replica }: Lease, nowMs: number): void {
  if (backend.implicitLoad?.replica === replica) backend.implicitLoad = undefined;
  if (replica.residency.state !== 'resident') markLoaded(replica.residency, deployment.runnerKey, nowMs);
}

// What is listed under another name may run under that one, or not be there.
function isWaiting({ residency, load, inFlight, started }: Replica): boolean {
  return (
    load === undefined &&
    inFlight > 0 &&
    started === 0 &&
    (residency.state === 'absent' || residency.beside !== undefined)
  );
}

function patienceMs({ replicas }: Fleet, replica: Replica): number {
  const knownMs = expectedLoadMs(replicas, replica);
  return knownMs === undefined ? UNKNOWN_MS : Math.max(LEAST_MS, 3 * knownMs);
}

function isAtWork(fleet: Fleet, backend: string, model: string): boolean {
  return [...fleet.replicas.values()].some(
    (replica) =>
      replica.backend === backend &&
      isSame(replica.model, model) &&
      replica.inFlight + replica.abandonedPrefills.length > 0,
  );
}
