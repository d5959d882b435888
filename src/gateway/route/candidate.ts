import type { Backend, Fleet, Place } from './fleet.ts';
import type { Replica } from './replica.ts';
import { isReady } from './residence.ts';

/** A place that could take a request. */
export interface Candidate {
  readonly place: Place;
  readonly backend: Backend;
  readonly replica: Replica;
}

/** Whether requests may go to a server. */
export function isUp(backend: Backend): boolean {
  return backend.circuit.state === 'closed';
}

/** The places that may serve a request, now or later: those that are up and did not fail it, nor a load of ours. */
export function candidatesOf(fleet: Fleet, places: readonly string[], tried: readonly string[], nowMs: number): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const id of places) {
    const place = fleet.places.get(id);
    const backend = place === undefined ? undefined : fleet.backends.get(place.backend);
    const replica = place === undefined ? undefined : fleet.replicas.get(place.replica);
    if (place === undefined || backend === undefined || replica === undefined || !isUp(backend) || tried.includes(id) || nowMs < replica.failingUntilMs) continue;
    candidates.push({ place, backend, replica });
  }
  return candidates;
}

/** Whether a candidate has in memory what the request needs, and is not about to have something else there. */
export function isAtHand({ place, replica }: Candidate): boolean {
  return replica.load === undefined && isReady(replica.residence, place.wants);
}
