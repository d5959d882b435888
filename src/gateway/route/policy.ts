import type { Admission } from './admission.ts';
import type { Candidate } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import type { Strategy } from './strategy/strategy.ts';

/** What is decided in more than one way: everything else about a fleet is bookkeeping. Its functions look, and change nothing. */
export interface Policy {
  /** Which of several free places. */
  readonly strategy: Strategy;
  /** Whether to let a request wait. */
  readonly admit: Admission;
  /** What to load next, on a server where nothing is being loaded; asked again when that has begun, until it gives nothing. */
  readonly nextLoad: (fleet: Fleet, nowMs: number) => Candidate | undefined;
  /** Whether nothing more is sent to a model in memory, so that what is to be loaded there gets its room. */
  readonly yields: (fleet: Fleet, where: Pick<Candidate, 'backend' | 'replica'>, nowMs: number) => boolean;
  /** Failures in a row after which a place rests. */
  readonly allowedFails: number;
  readonly cooldownMs: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}
