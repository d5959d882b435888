import type { Backend, Fleet, Place } from './fleet.ts';
import { waitOf } from './minute.ts';
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

/** The places that may serve a request, now or later: those that are up, did not fail it, nor a load of ours, and are within their limits; of these the first in order. */
export function candidatesOf(
  fleet: Fleet,
  places: readonly string[],
  tried: readonly string[],
  nowMs: number,
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const id of places) {
    const place = fleet.places.get(id);
    const backend = place === undefined ? undefined : fleet.backends.get(place.backend);
    const replica = place === undefined ? undefined : fleet.replicas.get(place.replica);
    if (
      place === undefined ||
      backend === undefined ||
      replica === undefined ||
      !isUp(backend) ||
      tried.includes(id) ||
      nowMs < replica.failingUntilMs ||
      waitOf(place.minute, place.limits, nowMs) > 0
    )
      continue;
    candidates.push({ place, backend, replica });
  }
  return firstInOrder(candidates, nowMs);
}

/** Why there is no candidate, and when there may be one. */
export function whyNone(
  fleet: Fleet,
  places: readonly string[],
  tried: readonly string[],
  nowMs: number,
): { readonly why: 'nobody' | 'limited'; readonly retryAfterMs: number } {
  let leastMs = Infinity;
  for (const id of places) {
    const place = fleet.places.get(id);
    const backend = place === undefined ? undefined : fleet.backends.get(place.backend);
    if (place === undefined || backend === undefined || !isUp(backend) || tried.includes(id)) continue;
    const waitMs = waitOf(place.minute, place.limits, nowMs);
    if (waitMs > 0) leastMs = Math.min(leastMs, waitMs);
  }
  return leastMs === Infinity ? { why: 'nobody', retryAfterMs: 1000 } : { why: 'limited', retryAfterMs: leastMs };
}

// A place that rests gives way to the next in order.
function firstInOrder(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const rested = candidates.filter(({ place }) => place.restingUntilMs <= nowMs);
  let least = Infinity;
  for (const { place } of rested.length > 0 ? rested : candidates) least = Math.min(least, place.order);
  return least === Infinity ? candidates : candidates.filter(({ place }) => place.order === least);
}

/** Whether a candidate has in memory what the request needs, and is not about to have something else there. */
export function isAtHand({ place, replica }: Candidate): boolean {
  return replica.load === undefined && isReady(replica.residence, place.wants);
}
