import type { Backend, Place } from '../fleet.ts';

/** A place that could take the request. */
export interface Candidate {
  readonly place: Place;
  readonly backend: Backend;
}

/** Chooses among at least one candidate; `random` gives numbers in [0, 1). */
export interface Strategy {
  readonly name: string;
  choose(candidates: readonly [Candidate, ...Candidate[]], random: () => number): Candidate;
}
