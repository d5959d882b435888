import type { Candidate } from '../candidate.ts';
import type { Fleet } from '../fleet.ts';
import type { Estimate } from '../work.ts';

export type { Candidate } from '../candidate.ts';

/** The facts that a strategy may look at, besides the candidates: the fleet, the request, numbers in [0, 1), and the time. */
export interface ChoiceContext {
  readonly fleet: Fleet;
  readonly estimate: Estimate;
  readonly random: () => number;
  readonly nowMs: number;
}

/** Chooses among at least one candidate. */
export interface Strategy {
  readonly name: string;
  /** Whether it gives each deployment the share of its weight. */
  readonly sharesByWeight?: true;
  /** The name of the strategy that it hands these candidates to. */
  nameFor?(candidates: readonly [Candidate, ...Candidate[]]): string;
  choose(candidates: readonly [Candidate, ...Candidate[]], context: ChoiceContext): Candidate;
}
