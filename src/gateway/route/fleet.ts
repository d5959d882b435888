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
}

/** A server as routing sees it. */
export interface Backend {
  readonly url: string;
  inFlight: number;
  circuit: Circuit;
}

/** All that routing knows. Plain data: `router.ts` alone changes it. */
export interface Fleet {
  readonly places: ReadonlyMap<string, Place>;
  readonly backends: ReadonlyMap<string, Backend>;
  turns: number;
}

/** What a fleet is made of. */
export interface FleetPlan {
  readonly backends: readonly string[];
  readonly places: readonly { readonly id: string; readonly backend: string; readonly weight: number }[];
}

/** A fleet about which nothing is known yet, so everything in it is taken to be up. */
export function createFleet(plan: FleetPlan): Fleet {
  return {
    backends: new Map(plan.backends.map((url) => [url, { url, inFlight: 0, circuit: CLOSED }])),
    places: new Map(plan.places.map((place) => [place.id, { ...place, inFlight: 0, failures: 0, restingUntilMs: 0, lastTurn: 0 }])),
    turns: 0,
  };
}
