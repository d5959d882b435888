import type { Candidate } from './candidate.ts';

/** The state of a queue when a request would have to wait in it. */
export interface QueueState {
  /** Requests before it in its queue. */
  readonly ahead: number;
  /** Deployments that may serve it, with a free slot or not. */
  readonly candidates: readonly Candidate[];
  /** How long it may wait, ms. */
  readonly maxWaitMs: number;
}

/** Decides whether a request may wait. `expectedMs` is the expected wait. */
export type Admission = (
  state: QueueState,
) =>
  | { readonly admit: true }
  | { readonly admit: false; readonly reason: 'queue-full' | 'queue-timeout'; readonly expectedMs: number };

/** Lets a request wait while its queue is shorter than `longest`, and while its expected wait is within its limit. */
export function limitQueue(longest: number): Admission {
  return ({ ahead, candidates, maxWaitMs }) => {
    const expectedMs = expectedWaitMs(ahead, candidates);
    if (ahead >= longest) return { admit: false, reason: 'queue-full', expectedMs: expectedMs ?? 1000 };
    return expectedMs !== undefined && expectedMs > maxWaitMs
      ? { admit: false, reason: 'queue-timeout', expectedMs }
      : { admit: true };
  };
}

/** Expected wait with `ahead` requests in front, from mean service times, ms; undefined before the first sample. */
export function expectedWaitMs(ahead: number, candidates: readonly Candidate[]): number | undefined {
  let perMs = 0;
  for (const { replica } of candidates)
    if (replica.speed.serviceMs !== undefined) perMs += replica.slots.count / Math.max(1, replica.speed.serviceMs);
  return perMs > 0 ? (ahead + 1) / perMs : undefined;
}

/**
 * When a client should retry after a rejection, ms: half of the expected wait, with jitter so that clients do not return together.
 * Below 60 s: clients ignore longer values.
 */
export function retryAfterMs(expectedMs: number, random: number): number {
  return Math.round(Math.min(Math.max(expectedMs / 2, 1000) + random * 2000, 59_000));
}
