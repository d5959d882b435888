import { isSameModel } from '../../core/model-name.ts';
import type { Decision } from './event.ts';
import type { Backend, Fleet, Lease } from './fleet.ts';
import { expectedLoadMs } from './load-time.ts';
import { loadInProgress } from './load-in-progress.ts';
import type { Replica, LoadWatch } from './replica.ts';
import { markLoaded } from './residency.ts';
import { touchBackend, touchMemory } from './attention.ts';
import { inOrder } from './tick-index.ts';

const DEFAULT_STUCK_AFTER_MS = 60_000;
const LEAST_STUCK_AFTER_MS = 5000;
const UNLOAD_PAUSE_MS = 5000;

/**
 * Unblocks loads that do not end. A `keep_alive` from elsewhere can revive the model that is to make room, and then every load
 * waits on an idle server. Models that stay in memory without work are unloaded by name, one after the other.
 */
export function unstickLoads(fleet: Fleet, nowMs: number, out: Decision[]): void {
  const { loading, implicit } = fleet.ticks;
  for (const backend of inOrder(implicit.size === 0 ? loading : new Set([...loading, ...implicit]))) {
    const current = loadInProgress(fleet, backend);
    if (current === undefined) continue;
    const { replica, watch } = current;
    if (
      nowMs - (watch.lastUnloadMs ?? watch.unchangedSinceMs + stuckAfterMs(fleet, replica) - UNLOAD_PAUSE_MS) <
      UNLOAD_PAUSE_MS
    )
      continue;
    watch.lastUnloadMs = nowMs;
    const idle = (backend.listed ?? []).filter((name) => !isSameModel(name, replica.model) && !isAtWork(backend, name));
    const victim = idle[watch.unloads % Math.max(1, idle.length)];
    watch.unloads += 1;
    if (victim !== undefined)
      out.push({
        kind: 'unload',
        backend: backend.url,
        model: victim,
        reason: 'stuck-load',
        loads: replica.model,
      });
  }
}

/** Records that the backend has listed its memory while a load is in progress. */
export function observeMemory(watch: LoadWatch, listed: string, nowMs: number): void {
  if (watch.lastListed === listed) return;
  if (watch.lastListed !== undefined) Object.assign(watch, { unchangedSinceMs: nowMs, lastUnloadMs: undefined });
  watch.lastListed = listed;
}

/** Finds requests that wait inside a backend that does not list their model, so that ticks watch them like a load. */
export function findImplicitLoads(fleet: Fleet, nowMs: number): void {
  const { implicit, unlisted } = fleet.ticks;
  for (const backend of implicit) {
    if (backend.implicitLoad !== undefined && isWaiting(backend.implicitLoad.replica)) continue;
    backend.implicitLoad = undefined;
    implicit.delete(backend);
    touchBackend(fleet, backend);
  }
  for (const replica of inOrder(unlisted)) {
    const backend = fleet.backends.get(replica.backend);
    if (backend === undefined || !isWaiting(replica)) continue;
    if (backend.implicitLoad === undefined) touchBackend(fleet, backend);
    backend.implicitLoad ??= {
      replica,
      sinceMs: nowMs,
      lastListed: backend.listed?.join(' '),
      unchangedSinceMs: nowMs,
      lastUnloadMs: undefined,
      unloads: 0,
    };
    implicit.add(backend);
    fleet.tickWanted = true;
  }
}

/** Records a response: the model is in memory with its options, even if a list says otherwise. */
export function observeAnswer(fleet: Fleet, { deployment, backend, replica }: Lease, nowMs: number): void {
  if (backend.implicitLoad?.replica === replica) {
    backend.implicitLoad = undefined;
    touchBackend(fleet, backend);
  }
  const { state } = replica.residency;
  if (state === 'resident') return;
  // The server has loaded it for this request, perhaps in the place of another one: the last list is out of date.
  if (state === 'absent') backend.listed = undefined;
  markLoaded(replica.residency, deployment.runnerKey, nowMs);
  touchMemory(fleet, replica);
}

// A model listed under another name may run under that name, or be absent.
function isWaiting({ residency, load, inFlight, started }: Replica): boolean {
  return (
    load === undefined &&
    inFlight > 0 &&
    started === 0 &&
    (residency.state === 'absent' || residency.listedOthers !== undefined)
  );
}

function stuckAfterMs({ backends }: Fleet, replica: Replica): number {
  const knownMs = expectedLoadMs(backends, replica);
  return knownMs === undefined ? DEFAULT_STUCK_AFTER_MS : Math.max(LEAST_STUCK_AFTER_MS, 3 * knownMs);
}

function isAtWork({ replicas }: Backend, model: string): boolean {
  for (const { model: name, inFlight, abandonedPrefills } of replicas)
    if (inFlight + abandonedPrefills.length > 0 && isSameModel(name, model)) return true;
  return false;
}
