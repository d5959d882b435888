import { opened } from './circuit.ts';
import type { Ending, RouteEvent, Seen } from './event.ts';
import { dismiss, type Backend, type Fleet, type Flight, type Place } from './fleet.ts';
import { learned } from './latency.ts';
import { used } from './minute.ts';
import type { Policy } from './policy.ts';
import { forgetResidence } from './residence.ts';
import { forgetSlots, sawEnd, sawWait } from './slots.ts';
import { restOfPrefill, sawPrefill, sawRest, sawService } from './speed.ts';
import { sawAnswer } from './wedge.ts';

/** Below that nobody notices. */
const LEAST_REST_MS = 5;
const BUSY_PAUSE_MS = 500;

/** A dispatched request has ended: gives its place back, and learns from it. Says how it ended; `undefined` where it was given back before. */
export function release(
  fleet: Fleet,
  policy: Policy,
  { flight, how, seen }: Extract<RouteEvent, { kind: 'released' }>,
  nowMs: number,
): Ending | undefined {
  if (flight.over) return undefined;
  const { request, place, backend, replica, started } = flight;
  flight.over = true;
  place.inFlight -= 1;
  backend.inFlight -= 1;
  if (backend.inFlight === 0) backend.quietSinceMs = nowMs;
  replica.inFlight -= 1;
  if (started) replica.started -= 1;
  sawEnd(replica.slots, request, how === 'answered', nowMs);
  learn(fleet, flight, how, seen, nowMs);
  if (seen?.tokens !== undefined) place.minute = used(place.minute, { requests: 0, tokens: seen.tokens }, nowMs);
  if (seen?.firstMs !== undefined) place.latency = learned(place.latency, seen.firstMs, nowMs);
  blame(fleet, policy, flight, how, nowMs);
  if (place.leaving || backend.leaving) dismiss(fleet);
  return how;
}

/** A server has gone: what was known about it is not so any more. */
export function takeDown(fleet: Fleet, backend: Backend, nowMs: number): void {
  backend.circuit = opened(backend.circuit, nowMs);
  backend.listed = undefined;
  for (const replica of fleet.replicas.values()) {
    if (replica.backend !== backend.url) continue;
    forgetResidence(replica.residence, nowMs, false);
    forgetSlots(replica.slots);
    replica.lingering = [];
    replica.failingUntilMs = 0;
  }
}

function learn(fleet: Fleet, flight: Flight, how: Ending, seen: Seen | undefined, nowMs: number): void {
  const { replica, boundMs, nth, started, afterRestMs } = flight;
  const { speed, slots } = replica;
  if (how === 'answered') {
    sawAnswer(flight, nowMs);
    sawService(speed, nowMs - boundMs);
    if (seen?.prefillMs !== undefined) sawPrefill(speed, seen.promptBytes, seen.prefillMs);
    if (seen?.insideMs === undefined) return;
    if (afterRestMs !== undefined) sawRest(speed, afterRestMs, seen.insideMs);
    else sawWait(slots, { nth, insideMs: seen.insideMs, tookMs: nowMs - boundMs }, nowMs);
  } else if (seen?.abandoned === true && !started && slots.kind !== 'unbounded') {
    const restMs = restOfPrefill(speed, seen.promptBytes, nowMs - boundMs);
    if (restMs < LEAST_REST_MS) return;
    replica.lingering.push({ untilMs: nowMs + restMs, expectedMs: restMs + nowMs - boundMs });
    fleet.restless = true;
  }
}

// A request's own fault says nothing about who served it, and a runner's death nothing about the server's other models.
function blame(fleet: Fleet, policy: Policy, { place, backend, replica }: Flight, how: Ending, nowMs: number): void {
  if (how === 'backend-failed') takeDown(fleet, backend, nowMs);
  else if (how === 'busy') replica.pausedUntilMs = nowMs + BUSY_PAUSE_MS;
  else if (how === 'answered') place.failures = 0;
  else if (how === 'deployment-failed') {
    weaken(place, policy, nowMs);
    forgetResidence(replica.residence, nowMs, true);
  }
}

function weaken(place: Place, policy: Policy, nowMs: number): void {
  place.failures += 1;
  if (place.failures < policy.allowedFails) return;
  place.restingUntilMs = nowMs + policy.cooldownMs;
  place.failures = 0;
}
