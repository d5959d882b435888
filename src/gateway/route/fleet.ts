import { CLOSED, type Circuit } from './circuit.ts';

/** A deployment as routing sees it: counters and what speaks against it. */
export interface Place {
  readonly id: string;
  readonly backend: string;
  readonly weight: number;
  /** Requests that were dispatched here and not released yet; exact. */
  inFlight: number;
  /** Failures in a row. */
  failures: number;
  /** Not used while others can be, until then. */
  restingUntilMs: number;
  /** When it was last chosen, as a count of choices; ties go to the one longest ago. */
  lastTurn: number;
  /** Not configured any more: only here until its requests have ended. */
  leaving: boolean;
}

/** A server as routing sees it. */
export interface Backend {
  readonly url: string;
  inFlight: number;
  circuit: Circuit;
  leaving: boolean;
}

/** All that routing knows. Plain data: `router.ts` alone changes it. */
export interface Fleet {
  readonly places: Map<string, Place>;
  readonly backends: Map<string, Backend>;
  turns: number;
}

/** What a fleet is made of. */
export interface FleetPlan {
  readonly backends: readonly string[];
  readonly places: readonly { readonly id: string; readonly backend: string; readonly weight: number }[];
}

/** A fleet about which nothing is known yet, so everything in it is taken to be up. */
export function createFleet(plan: FleetPlan): Fleet {
  const fleet: Fleet = { backends: new Map(), places: new Map(), turns: 0 };
  replan(fleet, plan);
  return fleet;
}

/** Makes a fleet what another plan says. What is known about that which stays is kept; what goes while requests run there leaves when the last has ended. */
export function replan(fleet: Fleet, plan: FleetPlan): void {
  for (const known of [...fleet.backends.values(), ...fleet.places.values()]) known.leaving = true;
  for (const url of plan.backends) fleet.backends.set(url, { ...(fleet.backends.get(url) ?? { url, inFlight: 0, circuit: CLOSED }), leaving: false });
  for (const place of plan.places) fleet.places.set(place.id, { ...(fleet.places.get(place.id) ?? { inFlight: 0, failures: 0, restingUntilMs: 0, lastTurn: 0 }), ...place, leaving: false });
  dismiss(fleet);
}

/** Forgets what is leaving and has nothing in flight. */
export function dismiss({ backends, places }: Fleet): void {
  for (const [url, { leaving, inFlight }] of backends) if (leaving && inFlight === 0) backends.delete(url);
  for (const [id, { leaving, inFlight }] of places) if (leaving && inFlight === 0) places.delete(id);
}
