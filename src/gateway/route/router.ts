import { retryAfterMs, expectedWaitMs } from './admission.ts';
import { candidatesOf, whyNone } from './candidate.ts';
import { probed } from './circuit.ts';
import { bind, chooseFor, dispatch } from './dispatch.ts';
import type { Arrival, Decision, Refusal, RouteEvent } from './event.ts';
import { dismiss, replan, underwayOn, type Fleet, type Flight } from './fleet.ts';
import {
  createLine,
  everybody,
  join,
  leave,
  loadClock,
  loadWaitMs,
  sizeOf,
  waitedMs,
  type Line,
  type Waiting,
} from './line.ts';
import { beginLoads, endLoad, keepLoadClocks } from './loading.ts';
import type { Policy } from './policy.ts';
import { release, takeDown } from './release.ts';
import { expireLingering, takeListing } from './replica.ts';
import { sawStart, sawTime } from './slots.ts';
import { cureWedged, findStranded, sawAnswer, sawMemory } from './wedge.ts';

export type { Policy } from './policy.ts';

/** Applies an event to the fleet and says what is to be done. Pure but for the fleet: time is an argument, and nothing waits. */
export function route(fleet: Fleet, policy: Policy, event: RouteEvent, nowMs: number): readonly Decision[] {
  const out: Decision[] = [];
  switch (event.kind) {
    case 'arrived':
      arrive(fleet, policy, event, nowMs, out);
      break;
    case 'left':
      leaveLine(fleet, event.request);
      break;
    case 'started':
      start(event.flight, nowMs);
      break;
    case 'released':
      if (release(fleet, policy, event, nowMs) === 'backend-failed') refuseHopeless(fleet, nowMs, out);
      break;
    case 'probed':
      probe(fleet, event.backend, event.alive, nowMs);
      break;
    case 'listed':
      list(fleet, event, nowMs);
      findStranded(fleet, nowMs);
      break;
    case 'loaded':
      load(fleet, policy, event, nowMs);
      if (event.how !== 'answered') refuseHopeless(fleet, nowMs, out);
      break;
    case 'replanned':
      replan(fleet, event.plan);
      refuseHopeless(fleet, nowMs, out);
      break;
    case 'ticked':
      tick(fleet, policy, nowMs, out);
      break;
  }
  if (fleet.waiting.size > 0) {
    dispatch(fleet, policy, nowMs, out);
    beginLoads(fleet, policy, nowMs, out);
    keepLoadClocks(fleet, nowMs);
  }
  return out;
}

function arrive(fleet: Fleet, policy: Policy, event: Arrival, nowMs: number, out: Decision[]): void {
  const { request, places, tried, mostWaitMs } = event;
  // Where nobody waits there is no need to look for whom.
  let line = fleet.waiting.size === 0 ? undefined : fleet.lines.get(lineKey(event));
  const ahead = line === undefined ? 0 : sizeOf(line);
  const choice = ahead === 0 ? chooseFor(fleet, policy, event, nowMs) : undefined;
  if (choice !== undefined) {
    out.push(bind(fleet, event, choice, 0, nowMs));
    return;
  }
  const candidates = candidatesOf(fleet, places, tried, nowMs);
  const refuse = (why: Refusal['why'], afterMs: number): void =>
    void out.push({ kind: 'refuse', request, why, retryAfterMs: afterMs, loadMs: 0 });
  if (candidates.length === 0) {
    out.push({ kind: 'refuse', request, ...whyNone(fleet, places, tried, nowMs), loadMs: 0 });
    return;
  }
  // Who has been served before was let in then.
  const admission = event.again ? ({ admit: true } as const) : policy.admit({ ahead, candidates, mostWaitMs });
  if (!admission.admit) {
    refuse(admission.why, retryAfterMs(admission.expectedMs, policy.random()));
    return;
  }
  if (line === undefined) {
    line = createLine(event.line);
    fleet.lines.set(lineKey(event), line);
  }
  join(line, { ...event, loadMsBefore: loadClock(line, nowMs) - event.loadedMs });
  fleet.waiting.set(request, line);
}

// After a reload requests of the older file may want other places than those of the newer one: these do not wait behind them.
function lineKey({ line, places }: Arrival): string {
  return [line, ...places].join('\n');
}

function leaveLine(fleet: Fleet, request: string): void {
  const line = fleet.waiting.get(request);
  if (line !== undefined) leave(line, request);
  fleet.waiting.delete(request);
  // What stopped being configured may have stayed for this one.
  if (line !== undefined && sizeOf(line) === 0) dismissLeaving(fleet);
}

function dismissLeaving(fleet: Fleet): void {
  for (const { leaving } of [...fleet.places.values(), ...fleet.backends.values()]) {
    if (!leaving) continue;
    dismiss(fleet);
    return;
  }
}

function start(flight: Flight, nowMs: number): void {
  if (flight.over || flight.started) return;
  flight.started = true;
  flight.replica.started += 1;
  sawStart(flight.replica.slots, flight.request, nowMs);
  sawAnswer(flight, nowMs);
}

function probe(fleet: Fleet, url: string, alive: boolean, nowMs: number): void {
  const backend = fleet.backends.get(url);
  if (backend !== undefined) backend.circuit = probed(backend.circuit, alive, nowMs);
}

function list(fleet: Fleet, { backend: url, listing }: Extract<RouteEvent, { kind: 'listed' }>, nowMs: number): void {
  const backend = fleet.backends.get(url);
  if (backend !== undefined) {
    backend.listed = listing.models.map(({ name }) => name).toSorted();
    const wedge = underwayOn(fleet, backend)?.wedge;
    if (wedge !== undefined && listing.askedMs >= wedge.sinceMs) sawMemory(wedge, backend.listed.join(' '), nowMs);
  }
  for (const replica of fleet.replicas.values()) if (replica.backend === url) takeListing(replica, listing);
}

function load(
  fleet: Fleet,
  policy: Policy,
  { replica: id, how }: Extract<RouteEvent, { kind: 'loaded' }>,
  nowMs: number,
): void {
  const replica = fleet.replicas.get(id);
  if (replica === undefined) return;
  endLoad(fleet, policy, replica, how, nowMs);
  const backend = fleet.backends.get(replica.backend);
  if (how === 'backend-failed' && backend !== undefined) takeDown(fleet, backend, nowMs);
  dismissLeaving(fleet);
}

function tick(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  fleet.restless = false;
  dismissLeaving(fleet);
  for (const replica of fleet.replicas.values()) {
    expireLingering(replica, nowMs);
    sawTime(replica.slots, nowMs);
    if (replica.lingering.length > 0 || replica.slots.trial !== undefined || replica.load !== undefined)
      fleet.restless = true;
  }
  findStranded(fleet, nowMs);
  cureWedged(fleet, nowMs, out);
  // Others may have used up what there was for this minute.
  if (
    fleet.waiting.size > 0 &&
    [...fleet.places.values()].some(({ limits }) => limits.requests !== undefined || limits.tokens !== undefined)
  )
    refuseHopeless(fleet, nowMs, out);
  for (const line of fleet.lines.values()) {
    for (const waiting of everybody(line)) {
      if (nowMs < waiting.untilMs && waitedMs(line, waiting, nowMs) <= waiting.mostWaitMs) continue;
      const expectedMs =
        expectedWaitMs(sizeOf(line), candidatesOf(fleet, waiting.places, [], nowMs)) ?? nowMs - waiting.sinceMs;
      refuseWaiting(
        fleet,
        line,
        waiting,
        { why: 'too-long', retryAfterMs: retryAfterMs(expectedMs, policy.random()) },
        nowMs,
        out,
      );
    }
  }
}

function refuseHopeless(fleet: Fleet, nowMs: number, out: Decision[]): void {
  for (const line of fleet.lines.values()) {
    for (const waiting of everybody(line)) {
      if (candidatesOf(fleet, waiting.places, waiting.tried, nowMs).length === 0)
        refuseWaiting(fleet, line, waiting, whyNone(fleet, waiting.places, waiting.tried, nowMs), nowMs, out);
    }
  }
}

function refuseWaiting(
  fleet: Fleet,
  line: Line,
  waiting: Waiting,
  said: Pick<Refusal, 'why' | 'retryAfterMs'>,
  nowMs: number,
  out: Decision[],
): void {
  const loadMs = loadWaitMs(line, waiting, nowMs);
  leaveLine(fleet, waiting.request);
  out.push({ kind: 'refuse', request: waiting.request, ...said, loadMs });
}

/** Whether time alone may change something, so that ticks are wanted. */
export function isRestless(fleet: Fleet): boolean {
  return fleet.restless || fleet.waiting.size > 0;
}
