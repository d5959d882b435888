import type { Candidate } from './candidate.ts';

/** What is known when a request would have to wait. */
export interface QueueState {
  /** Requests before it in its line. */
  readonly ahead: number;
  /** Servers that may serve it, busy or not. */
  readonly candidates: readonly Candidate[];
  /** How long it may wait. */
  readonly maxWaitMs: number;
}

/** Whether to let a request wait. `expectedMs`: how long that would be, where anything is known. */
export type Admission = (
  crowd: QueueState,
) =>
  | { readonly admit: true }
  | { readonly admit: false; readonly reason: 'queue-full' | 'queue-timeout'; readonly expectedMs: number };

/** Lets a request wait while the line is not too long, and while its turn is expected to come in time. */
export function limitQueue(longest: number): Admission {
  return ({ ahead, candidates, maxWaitMs }) => {
    const expectedMs = expectedWaitMs(ahead, candidates);
    if (ahead >= longest) return { admit: false, reason: 'queue-full', expectedMs: expectedMs ?? 1000 };
    return expectedMs !== undefined && expectedMs > maxWaitMs
      ? { admit: false, reason: 'queue-timeout', expectedMs }
      : { admit: true };
  };
}

/** When the turn of one behind so many others comes, from what requests took until now; `undefined` where nothing is known yet. */
export function expectedWaitMs(ahead: number, candidates: readonly Candidate[]): number | undefined {
  let perMs = 0;
  for (const { replica } of candidates)
    if (replica.speed.serviceMs !== undefined) perMs += replica.slots.count / Math.max(1, replica.speed.serviceMs);
  return perMs > 0 ? (ahead + 1) / perMs : undefined;
}

/** When to come again after a refusal: when the crowd may have gone, and not all at the same moment. Below 60 s, from where clients do not heed it. */
export function retryAfterMs(expectedMs: number, random: number): number {
  return Math.round(Math.min(Math.max(expectedMs / 2, 1000) + random * 2000, 59_000));
}
