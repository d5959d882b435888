import type { Backend, Fleet } from './fleet.ts';
import type { Replica } from './replica.ts';

/** Without a sample, s. */
const UNKNOWN_LOAD_S = 10;

/**
 * Expected duration of a load, ms: from loads of the model there, else of the backend's other models; `undefined` before the first
 * sample.
 */
export function expectedLoadMs(backends: Fleet['backends'], replica: Replica): number | undefined {
  if (replica.speed.loadMs !== undefined) return replica.speed.loadMs + workMsOf(replica);
  const backend = backends.get(replica.backend);
  const mostMs = backend === undefined ? undefined : mostLoadMs(backend);
  return mostMs === undefined ? undefined : 2 * mostMs + workMsOf(replica);
}

/** The longest load of the models of a backend, as each takes by now, ms. */
export function mostLoadMs({ replicas, memory }: Pick<Backend, 'replicas' | 'memory'>): number | undefined {
  memory.longestLoad ??= { ms: longestMs(replicas) };
  return memory.longestLoad.ms;
}

function longestMs(replicas: Backend['replicas']): number | undefined {
  let mostMs: number | undefined;
  for (const { speed } of replicas)
    if (speed.loadMs !== undefined && speed.loadMs > (mostMs ?? -1)) mostMs = speed.loadMs;
  return mostMs;
}

/** Expected duration of a load, s; `mostMs`: the longest of its backend. */
export function loadTimeS(mostMs: number | undefined, replica: Replica): number {
  const knownMs = replica.speed.loadMs ?? (mostMs === undefined ? undefined : 2 * mostMs + workMsOf(replica));
  return knownMs === undefined ? UNKNOWN_LOAD_S : knownMs / 1000;
}

// The model may be listed under another name, and be busy.
function workMsOf({ speed, load, residency }: Replica): number {
  return load === undefined && residency.state !== 'absent' ? (speed.serviceMs ?? 0) : 0;
}
