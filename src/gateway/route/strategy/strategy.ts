import type { Candidate } from '../candidate.ts';

export type { Candidate } from '../candidate.ts';

/** Chooses among at least one candidate; `random` gives numbers in [0, 1), `nowMs` is the time. */
export interface Strategy {
  readonly name: string;
  /** Whether it gives each deployment the share of its weight. */
  readonly sharesByWeight?: true;
  /** The name of the strategy that it hands these candidates to. */
  nameFor?(candidates: readonly [Candidate, ...Candidate[]]): string;
  choose(candidates: readonly [Candidate, ...Candidate[]], random: () => number, nowMs: number): Candidate;
}
