import type { Admission } from './admission.ts';
import type { Strategy } from './strategy/strategy.ts';

/** What is decided in more than one way: everything else about a fleet is bookkeeping. */
export interface Policy {
  /** Which of several free places. */
  readonly strategy: Strategy;
  /** Whether to let a request wait. */
  readonly admit: Admission;
  /** Failures in a row after which a place rests. */
  readonly allowedFails: number;
  readonly cooldownMs: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}
