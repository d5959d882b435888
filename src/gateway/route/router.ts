import { opened, probed } from './circuit.ts';
import type { Decision, Ending, RouteEvent } from './event.ts';
import { dismiss, replan, type Backend, type Fleet, type Place } from './fleet.ts';
import type { Candidate, Strategy } from './strategy/strategy.ts';

/** How a fleet is routed. */
export interface Policy {
  readonly strategy: Strategy;
  /** Failures in a row after which a place rests. */
  readonly allowedFails: number;
  readonly cooldownMs: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

const NOTHING: readonly Decision[] = [];

/** Applies an event to the fleet and says what is to be done. Pure but for the fleet: time is an argument, and nothing waits. */
export function route(fleet: Fleet, policy: Policy, event: RouteEvent, nowMs: number): readonly Decision[] {
  switch (event.kind) {
    case 'arrived':
      return [arrive(fleet, policy, event, nowMs)];
    case 'released':
      release(fleet, policy, event.place, event.how, nowMs);
      return NOTHING;
    case 'probed': {
      const backend = fleet.backends.get(event.backend);
      if (backend !== undefined) backend.circuit = probed(backend.circuit, event.alive, nowMs);
      return NOTHING;
    }
    case 'replanned':
      replan(fleet, event.plan);
      return NOTHING;
  }
}

/** Whether requests may go to a server. */
export function isUp(backend: Backend): boolean {
  return backend.circuit.state === 'closed';
}

function arrive(fleet: Fleet, policy: Policy, event: Extract<RouteEvent, { kind: 'arrived' }>, nowMs: number): Decision {
  const open = event.places.flatMap((id) => candidate(fleet, id)).filter(({ place, backend }) => isUp(backend) && !event.tried.includes(place.id));
  // Resting is a preference: a place that failed is better than none.
  const [first, ...rest] = preferred(open, nowMs);
  if (first === undefined) return { kind: 'refuse', request: event.request, retryAfterMs: 1000 };
  const chosen = rest.length === 0 ? first : policy.strategy.choose([first, ...rest], policy.random);
  fleet.turns += 1;
  chosen.place.lastTurn = fleet.turns;
  chosen.place.inFlight += 1;
  chosen.backend.inFlight += 1;
  return { kind: 'assign', request: event.request, place: chosen.place.id, reason: rest.length === 0 ? 'only-one' : policy.strategy.name };
}

function preferred(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const rested = candidates.filter(({ place }) => place.restingUntilMs <= nowMs);
  return rested.length > 0 ? rested : candidates;
}

function candidate(fleet: Fleet, id: string): readonly Candidate[] {
  const place = fleet.places.get(id);
  const backend = place === undefined ? undefined : fleet.backends.get(place.backend);
  return place === undefined || backend === undefined ? [] : [{ place, backend }];
}

function release(fleet: Fleet, policy: Policy, id: string, how: Ending, nowMs: number): void {
  for (const { place, backend } of candidate(fleet, id)) {
    place.inFlight -= 1;
    backend.inFlight -= 1;
    if (how === 'backend-failed') backend.circuit = opened(backend.circuit, nowMs);
    else if (how === 'deployment-failed') weaken(place, policy, nowMs);
    else if (how === 'answered') place.failures = 0;
    if (place.leaving || backend.leaving) dismiss(fleet);
  }
}

function weaken(place: Place, policy: Policy, nowMs: number): void {
  place.failures += 1;
  if (place.failures < policy.allowedFails) return;
  place.restingUntilMs = nowMs + policy.cooldownMs;
  place.failures = 0;
}
