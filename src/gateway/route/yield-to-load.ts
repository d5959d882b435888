import type { Candidate } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import { expectedLoadMs } from './load-time.ts';
import { loadInProgress } from './load-in-progress.ts';
import { mayHaveToGo } from './room.ts';

/** A shorter load is worth no yield, ms. */
const LEAST_LOAD_MS = 1000;
const UNKNOWN_LOAD_MS = 30_000;
const LEAST_TURN_MS = 60_000;

/**
 * Whether to stop sending to a resident model so that a pending load can evict it. Ollama evicts only idle models, so steady
 * traffic would block the load for ever, and a request for a model that was just evicted is a load inside Ollama. A model that may
 * have to go yields from the start of the load (`room.ts`). Every other model yields when the load takes longer than it should; if
 * the load does not end within the time in which all running requests should have ended, it serves again for as long.
 */
export function yieldToLoads(
  fleet: Fleet,
  { backend, replica }: Pick<Candidate, 'backend' | 'replica'>,
  nowMs: number,
): boolean {
  if (backend.loading === undefined && backend.implicitLoad === undefined) return false;
  const current = loadInProgress(fleet, backend);
  if (current === undefined || current.replica === replica || replica.residency.state !== 'resident') return false;
  if (mayHaveToGo(backend, replica, current.replica)) return true;
  if (backend.turn?.replica === replica && !backend.turn.served) return false;
  const knownMs = expectedLoadMs(fleet.backends, current.replica);
  const sinceMs =
    current.watch.sinceMs + (knownMs === undefined ? UNKNOWN_LOAD_MS : Math.max(LEAST_LOAD_MS, knownMs * 1.5));
  const turn = Math.floor((nowMs - sinceMs) / Math.max(LEAST_TURN_MS, 3 * (replica.speed.serviceMs ?? 0)));
  return turn >= 0 && turn % 2 === 0;
}
