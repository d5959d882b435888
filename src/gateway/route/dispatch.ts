import { candidatesOf, isAtHand, type Candidate } from './candidate.ts';
import type { Assignment, Decision } from './event.ts';
import type { Fleet, Flight } from './fleet.ts';
import { isBefore, leave, loadWaitMs, nextOf, sizeOf, type Line, type Waiting } from './line.ts';
import { used } from './minute.ts';
import type { Policy } from './policy.ts';
import { hasRoom, mayTryOneMore } from './replica.ts';

/** A place for a request, and why this one. */
export interface Choice extends Candidate {
  readonly reason: string;
  /** It goes there beyond the count of slots. */
  readonly trial: boolean;
}

/** Which requests a place is wanted for. */
export type Wish = Pick<Waiting, 'places' | 'tried'>;

/** The place for a request where one is free that has its model in memory; bound no sooner, so that nothing waits inside a server. */
export function chooseFor(fleet: Fleet, policy: Policy, { places, tried }: Wish, nowMs: number): Choice | undefined {
  const candidates = candidatesOf(fleet, places, tried, nowMs);
  const atHand = candidates.filter(
    (candidate) =>
      isAtHand(candidate) && nowMs >= candidate.replica.pausedUntilMs && !policy.drains(fleet, candidate, nowMs),
  );
  const free = preferred(
    atHand.filter(({ replica }) => hasRoom(replica)),
    nowMs,
  );
  const [first, ...rest] = free;
  if (first === undefined) {
    const more = atHand.find(({ replica }) => mayTryOneMore(replica, nowMs));
    return more === undefined ? undefined : { ...more, reason: 'slot-trial', trial: true };
  }
  if (rest.length > 0)
    return {
      ...policy.strategy.choose([first, ...rest], policy.random, nowMs),
      reason: policy.strategy.name,
      trial: false,
    };
  return {
    ...first,
    reason: candidates.length === 1 ? 'only-one' : atHand.length === 1 ? 'only-resident' : 'only-free',
    trial: false,
  };
}

/** Gives places to those who wait, as far as there are free ones. */
export function dispatch(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  while (fleet.waiting.size > 0) {
    let best: { readonly line: Line; readonly waiting: Waiting; readonly choice: Choice } | undefined;
    for (const line of fleet.lines.values()) {
      const next = sizeOf(line) === 0 ? undefined : nextThatGoes(fleet, policy, line, nowMs);
      if (next !== undefined && (best === undefined || isBefore(next, best))) best = next;
    }
    if (best === undefined) return;
    const { line, waiting, choice } = best;
    const loadMs = loadWaitMs(line, waiting, nowMs);
    leave(line, waiting.request);
    fleet.waiting.delete(waiting.request);
    out.push(bind(fleet, waiting, choice, loadMs, nowMs));
  }
}

/** Binds a request to a place. */
export function bind(
  fleet: Fleet,
  { request, sinceMs }: Pick<Waiting, 'request' | 'sinceMs'>,
  { place, backend, replica, reason, trial }: Choice,
  loadMs: number,
  nowMs: number,
): Assignment {
  fleet.turns += 1;
  place.lastTurn = fleet.turns;
  place.inFlight += 1;
  place.minute = used(place.minute, { requests: 1, tokens: 0 }, nowMs);
  backend.inFlight += 1;
  replica.inFlight += 1;
  if (trial) {
    replica.slots.trial = { request, startedMs: undefined };
    fleet.restless = true;
  }
  const flight: Flight = {
    request,
    place,
    backend,
    replica,
    sinceMs,
    boundMs: nowMs,
    nth: replica.inFlight,
    started: false,
    over: false,
    afterRestMs: replica.restMs,
  };
  replica.restMs = undefined;
  return { kind: 'assign', request, flight, reason, loadMs };
}

function nextThatGoes(
  fleet: Fleet,
  policy: Policy,
  line: Line,
  nowMs: number,
): { line: Line; waiting: Waiting; choice: Choice } | undefined {
  for (const waiting of nextOf(line, nowMs)) {
    const choice = chooseFor(fleet, policy, waiting, nowMs);
    if (choice !== undefined) return { line, waiting, choice };
  }
  return undefined;
}

// Resting is a preference: a place that failed is better than none.
function preferred(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const rested = candidates.filter(({ place }) => place.restingUntilMs <= nowMs);
  return rested.length > 0 ? rested : candidates;
}
