import type { Candidate } from './candidate.ts';
import { loadInProgress, type Fleet } from './fleet.ts';
import { expectedLoadMs } from './loading.ts';

/** Shorter than that nobody is kept waiting for. */
const LEAST_LOAD_MS = 1000;
const UNKNOWN_LOAD_MS = 30_000;
const LEAST_TURN_MS = 60_000;

/**
 * Whether a model in memory is to come to rest: a server that has to make room waits until what goes is idle, and serves it meanwhile, so
 * that who always has something to do would keep the others out for good. That begins when a load has taken longer than it should,
 * and is given up for as long again where it comes to nothing in a time in which all that runs there should have ended.
 */
export function yieldToLoads(
  fleet: Fleet,
  { backend, replica }: Pick<Candidate, 'backend' | 'replica'>,
  nowMs: number,
): boolean {
  if (backend.loading === undefined && backend.implicitLoad === undefined) return false;
  const underway = loadInProgress(fleet, backend);
  if (underway === undefined || underway.replica === replica || replica.residency.state !== 'resident') return false;
  const knownMs = expectedLoadMs(fleet.replicas, underway.replica);
  const sinceMs =
    underway.watch.sinceMs + (knownMs === undefined ? UNKNOWN_LOAD_MS : Math.max(LEAST_LOAD_MS, knownMs * 1.5));
  const turn = Math.floor((nowMs - sinceMs) / Math.max(LEAST_TURN_MS, 3 * (replica.speed.serviceMs ?? 0)));
  return turn >= 0 && turn % 2 === 0;
}
