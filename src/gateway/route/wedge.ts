import type { Decision } from './event.ts';
import { underwayOn, type Fleet, type Flight } from './fleet.ts';
import { expectedLoadMs } from './loading.ts';
import type { Replica, Wedge } from './replica.ts';
import { isSame, sawLoaded } from './residence.ts';

const UNKNOWN_MS = 60_000;
const LEAST_MS = 5000;
const CURE_PAUSE_MS = 5000;

/**
 * Cures loads that do not end. A `keep_alive` from elsewhere can revive the model that is to make room, and then all loads wait
 * on an idle server: what is seen to stay in memory without work is unloaded by name, one after the other.
 */
export function cureWedged(fleet: Fleet, nowMs: number, out: Decision[]): void {
  for (const backend of fleet.backends.values()) {
    const underway = underwayOn(fleet, backend);
    if (underway === undefined) continue;
    const { replica, wedge } = underway;
    if (nowMs - (wedge.curedMs ?? wedge.sameSinceMs + patienceMs(fleet, replica) - CURE_PAUSE_MS) < CURE_PAUSE_MS)
      continue;
    wedge.curedMs = nowMs;
    const idle = (backend.listed ?? []).filter(
      (name) => !isSame(name, replica.model) && !isAtWork(fleet, backend.url, name),
    );
    const victim = idle[wedge.cures % Math.max(1, idle.length)];
    wedge.cures += 1;
    if (victim !== undefined) out.push({ kind: 'unload', backend: backend.url, model: victim });
  }
}

/** A server has listed what is in its memory while something is being loaded there. */
export function sawMemory(wedge: Wedge, listed: string, nowMs: number): void {
  if (wedge.besides === listed) return;
  if (wedge.besides !== undefined) Object.assign(wedge, { sameSinceMs: nowMs, curedMs: undefined });
  wedge.besides = listed;
}

/** Notes whose requests wait inside a server that does not show their model, so that ticks watch over them as over a load. */
export function findStranded(fleet: Fleet, nowMs: number): void {
  for (const backend of fleet.backends.values())
    if (backend.stranded !== undefined && !isWaiting(backend.stranded.replica)) backend.stranded = undefined;
  for (const replica of fleet.replicas.values()) {
    const backend = fleet.backends.get(replica.backend);
    if (backend === undefined || !isWaiting(replica)) continue;
    backend.stranded ??= {
      replica,
      sinceMs: nowMs,
      besides: backend.listed?.join(' '),
      sameSinceMs: nowMs,
      curedMs: undefined,
      cures: 0,
    };
    fleet.restless = true;
  }
}

/** Something was answered there, so the model is in memory as it was asked for, whatever was listed. */
export function sawAnswer({ place, backend, replica }: Flight, nowMs: number): void {
  if (backend.stranded?.replica === replica) backend.stranded = undefined;
  if (replica.residence.state !== 'resident') sawLoaded(replica.residence, place.wants, nowMs);
}

// What is listed under another name may run under that one, or not be there.
function isWaiting({ residence, load, inFlight, started }: Replica): boolean {
  return (
    load === undefined &&
    inFlight > 0 &&
    started === 0 &&
    (residence.state === 'absent' || residence.beside !== undefined)
  );
}

function patienceMs({ replicas }: Fleet, replica: Replica): number {
  const knownMs = expectedLoadMs(replicas, replica);
  return knownMs === undefined ? UNKNOWN_MS : Math.max(LEAST_MS, 3 * knownMs);
}

function isAtWork(fleet: Fleet, backend: string, model: string): boolean {
  return [...fleet.replicas.values()].some(
    (replica) =>
      replica.backend === backend && isSame(replica.model, model) && replica.inFlight + replica.lingering.length > 0,
  );
}
