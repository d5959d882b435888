import type { Fleet } from './fleet.ts';
import type { Replica } from './replica.ts';

/** Without a sample, s. */
const UNKNOWN_LOAD_S = 10;

/**
 * Expected duration of a load, ms: from loads of the model there, else of the backend's other models; `undefined` before the first
 * sample.
 */
export function expectedLoadMs(
  backends: Fleet['backends'],
  { backend, speed, load, residency }: Replica,
): number | undefined {
  // The model may be listed under another name, and be busy.
  const workMs = load === undefined && residency.state !== 'absent' ? (speed.serviceMs ?? 0) : 0;
  if (speed.loadMs !== undefined) return speed.loadMs + workMs;
  let mostMs: number | undefined;
  for (const { speed: other } of backends.get(backend)?.replicas ?? [])
    if (other.loadMs !== undefined) mostMs = Math.max(mostMs ?? 0, other.loadMs * 2);
  return mostMs === undefined ? undefined : mostMs + workMs;
}

/** Expected duration of a load, s. */
export function loadTimeS({ backends }: Fleet, replica: Replica): number {
  const known = replica.speed.loadMs ?? expectedLoadMs(backends, replica);
  return known === undefined ? UNKNOWN_LOAD_S : known / 1000;
}
