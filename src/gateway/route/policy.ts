import type { Admission } from './admission.ts';
import type { Candidate } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import type { Strategy } from './strategy/strategy.ts';

/** A deployment to load, and the key of the queue that needs it. */
export interface NextLoad extends Candidate {
  /** The queue whose waiter needs it; `undefined` if none does. */
  readonly queue: string | undefined;
  /** Whether it may evict a model, or end the model's own runner. */
  readonly mayEvict: boolean;
}

/**
 * The decisions that can be made in more than one way; the rest of routing is bookkeeping. Its functions read the fleet and change
 * nothing.
 */
export interface Policy {
  /** Chooses among several free slots. */
  readonly strategy: Strategy;
  /** Decides whether a request may wait. */
  readonly admit: Admission;
  /**
   * The next load, on a backend without a load in progress. It is asked again after each load that starts, until it returns
   * nothing.
   */
  readonly nextLoad: (fleet: Fleet, nowMs: number) => NextLoad | undefined;
  /** Whether a model in memory gets no more requests, so that a load can evict it. */
  readonly yields: (fleet: Fleet, where: Pick<Candidate, 'backend' | 'replica'>, nowMs: number) => boolean;
  /** Failures in a row after which a deployment is in cooldown. */
  readonly allowedFails: number;
  /** For deployments without their own. */
  readonly cooldownMs: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}
