import type { Decision } from './event.ts';
import type { Fleet } from './fleet.ts';
import { expectedLoadMs } from './loading.ts';
import type { Replica } from './replica.ts';
import { isSame } from './residence.ts';

const UNKNOWN_MS = 60_000;
const LEAST_MS = 5000;
const CURE_PAUSE_MS = 5000;

/**
 * Cures loads that do not end. A `keep_alive` from elsewhere can revive the model that is to make room, and then all loads wait
 * on an idle server: what is seen to stay in memory without work is unloaded by name, one after the other.
 */
export function cureWedged(fleet: Fleet, nowMs: number, out: Decision[]): void {
  for (const backend of fleet.backends.values()) {
    const loading = fleet.replicas.get(backend.loading ?? '') ?? backend.stranded?.replica;
    const load = loading?.load ?? backend.stranded;
    if (loading === undefined || load === undefined || nowMs - (load.curedMs ?? load.sinceMs + patienceMs(fleet, loading) - CURE_PAUSE_MS) < CURE_PAUSE_MS) continue;
    load.curedMs = nowMs;
    const listed = backend.listed ?? [];
    if (load.besides !== listed.join(' ')) continue;
    const idle = listed.filter((name) => !isSame(name, loading.model) && !isAtWork(fleet, backend.url, name));
    const victim = idle[load.cures % Math.max(1, idle.length)];
    load.cures += 1;
    if (victim !== undefined) out.push({ kind: 'unload', backend: backend.url, model: victim });
  }
}

/** Notes whose requests wait inside a server that does not show their model, so that ticks watch over them as over a load. */
export function findStranded(fleet: Fleet, nowMs: number): void {
  for (const backend of fleet.backends.values()) if (backend.stranded !== undefined && !isWaiting(backend.stranded.replica)) backend.stranded = undefined;
  for (const replica of fleet.replicas.values()) {
    const backend = fleet.backends.get(replica.backend);
    if (backend === undefined || !isWaiting(replica)) continue;
    backend.stranded ??= { replica, sinceMs: nowMs, besides: backend.listed?.join(' '), curedMs: undefined, cures: 0 };
    fleet.restless = true;
  }
}

/** Something was answered there, so what seemed to be stranded is not. */
export function sawAnswer({ backend, replica }: { readonly backend: { stranded: { readonly replica: Replica } | undefined }; readonly replica: Replica }): void {
  if (backend.stranded?.replica === replica) backend.stranded = undefined;
}

// What is listed under another name may run under that one, or not be there.
function isWaiting({ residence, load, inFlight, started }: Replica): boolean {
  return load === undefined && inFlight > 0 && started === 0 && (residence.state === 'absent' || residence.beside !== undefined);
}

function patienceMs({ replicas }: Fleet, replica: Replica): number {
  const knownMs = expectedLoadMs(replicas, replica);
  if (knownMs === undefined) return UNKNOWN_MS;
  const workMs = replica.residence.state === 'resident' ? (replica.speed.serviceMs ?? 0) : 0;
  return Math.max(LEAST_MS, 3 * (knownMs + workMs));
}

function isAtWork(fleet: Fleet, backend: string, model: string): boolean {
  return [...fleet.replicas.values()].some((replica) => replica.backend === backend && isSame(replica.model, model) && replica.inFlight + replica.lingering.length > 0);
}
