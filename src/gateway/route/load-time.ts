import type { Fleet } from './fleet.ts';
import type { Replica } from './replica.ts';

/** Without a sample, s. */
const UNKNOWN_LOAD_S = 10;

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

/** Expected duration of a load, s. */
export function loadTimeS({ replicas }: Fleet, replica: Replica): number {
  const known = replica.speed.loadMs ?? expectedLoadMs(replicas, replica);
  return known === undefined ? UNKNOWN_LOAD_S : known / 1000;
}
