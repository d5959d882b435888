import { rankOf, type Queue, type Waiter } from './queue.ts';

/** A waiter that could get a slot now; `isOwed`: a model was loaded for its queue. */
export interface Contender {
  readonly queue: Queue;
  readonly waiter: Waiter;
  readonly isOwed: boolean;
}

/** Whether a waiter goes before one of another queue: first where it is owed a slot, then retries, then requests on time, then the oldest. */
export function goesBefore(a: Contender, b: Contender): boolean {
  if (a.isOwed !== b.isOwed) return a.isOwed;
  const order = rankOf(a.waiter) - rankOf(b.waiter) || a.waiter.sinceMs - b.waiter.sinceMs;
  return order < 0;
}
