import type { Admission } from './admission.ts';
import type { Candidate } from './candidate.ts';
import type { Flow } from './flow.ts';
import type { Queue } from './queue.ts';
import type { Backend, Fleet } from './fleet.ts';
import type { QueueOrder } from './order.ts';
import type { LoadReason, Replica } from './replica.ts';
import type { Strategy } from './strategy/strategy.ts';
import type { Estimate } from './work.ts';

/** A deployment to load, and the key of the queue that needs it. */
export interface NextLoad extends Candidate {
  /** The queue whose waiter needs it; `undefined` if none does. */
  readonly queue: string | undefined;
  readonly reason: LoadReason;
  /** Whether it may evict a model, or end the model's own runner. */
  readonly mayEvict: boolean;
  /** The model that is unloaded for it. */
  readonly victim?: Replica;
}

/** A request that could take a slot. */
export interface Taker extends Pick<Queue, 'name' | 'deployments'> {
  readonly late: boolean;
  readonly batch: boolean;
  readonly flow: Flow;
  readonly estimate: Estimate;
  /** When it wants its first token; `Infinity` for a retry. */
  readonly dueMs: number;
}

/**
 * The queues for which loads are decided, in the order of their turns, and the backends for which a queue waits that comes before others:
 * the policy adds those of these queues.
 */
export interface LoadLook {
  readonly queues: readonly Queue[];
  readonly claims: Map<Backend, Queue>;
}

/**
 * The decisions that can be made in more than one way; the rest of routing is bookkeeping. Its functions read the fleet and change
 * nothing.
 */
export interface Policy {
  /** Chooses among several free slots. */
  readonly strategy: Strategy;
  readonly order: QueueOrder;
  /** Moves the waiters of a queue that are late to the late ones, as `order` does. */
  readonly markLate: (queue: Queue, nowMs: number) => void;
  /** Whether a replica gets no request now, whichever it is, though it has a free slot; `keepsSlot` says the same. */
  readonly isClosed: (replica: Replica) => boolean;
  /** Whether a request leaves a free slot of a replica to others. */
  readonly keepsSlot: (fleet: Fleet, request: Taker, candidate: Candidate, nowMs: number) => boolean;
  /** Decides whether a request may wait. */
  readonly admit: Admission;
  /**
   * The next load, on a backend without a load in progress. It is asked again after each load that starts, until it returns
   * nothing.
   */
  readonly nextLoad: (fleet: Fleet, look: LoadLook, nowMs: number) => NextLoad | undefined;
  /** A load while nobody waits, on a backend that has just listed its memory. */
  readonly loadAhead: (fleet: Fleet, backend: Backend, nowMs: number) => Candidate | undefined;
  /** Whether a model in memory gets no more requests, so that a load can evict it. */
  readonly yields: (fleet: Fleet, where: Pick<Candidate, 'backend' | 'replica'>, nowMs: number) => boolean;
  /** Whether requests whose first token is overdue go to other servers. */
  readonly recallsOverdue: boolean;
  /** Failures in a row after which a deployment is in cooldown. */
  readonly allowedFails: number;
  /** For deployments without their own. */
  readonly cooldownMs: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}
