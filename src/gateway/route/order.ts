import type { Fleet } from './fleet.ts';
import { firstRetries, inOrderOfArrival, type Queue, type Waiter } from './queue.ts';

/** A waiter that may go next. */
export interface NextWaiter {
  readonly waiter: Waiter;
  /** It has missed its target or will miss it, or belongs to a batch: it does not take a slot that is kept for others. */
  readonly late: boolean;
}

/** The waiters of a queue that may go next, best first: of those that have tried the same deployments only the first. */
export type QueueOrder = (fleet: Fleet, queue: Queue, nowMs: number) => Iterable<NextWaiter>;

/** Retries, then requests on time (2 s), then late ones, then batches; in each the oldest first. */
export function* arrivalOrder(_fleet: Fleet, queue: Queue, nowMs: number): Generator<NextWaiter> {
  for (const waiter of inOrderOfArrival(queue, nowMs)) yield { waiter, late: false };
}

/** The first retries, as waiters that may go next. */
export function* retriesFirst(queue: Queue): Generator<NextWaiter> {
  for (const waiter of firstRetries(queue)) yield { waiter, late: false };
}
