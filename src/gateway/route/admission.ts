import type { Candidate } from './candidate.ts';
import type { Replica } from './replica.ts';

/** The state of a queue when a request would have to wait in it. */
export interface QueueState {
  /** Requests before it in its queue. */
  readonly ahead: number;
  /** Deployments that may serve it, with a free slot or not. */
  readonly candidates: readonly Candidate[];
  /** How long it may wait, ms. */
  readonly maxWaitMs: number;
  readonly nowMs: number;
}

/** Decides whether a request may wait. `expectedMs` is the expected wait. */
export type Admission = (
  state: QueueState,
) =>
  | { readonly admit: true }
  | { readonly admit: false; readonly reason: 'queue-full' | 'queue-timeout'; readonly expectedMs: number };

/** Lets a request wait while its queue is shorter than `longest`, and while its expected wait is within its limit. */
export function limitQueue(longest: number): Admission {
  return ({ ahead, candidates, maxWaitMs, nowMs }) => {
    const expectedMs = expectedWaitMs(ahead, candidates, nowMs);
    if (ahead >= longest) return { admit: false, reason: 'queue-full', expectedMs: expectedMs ?? 1000 };
    return expectedMs !== undefined && expectedMs > maxWaitMs
      ? { admit: false, reason: 'queue-timeout', expectedMs }
      : { admit: true };
  };
}

/** Lets a request wait while its queue is shorter than `longest`, however long that may take: a request that is late delays nobody. */
export function limitQueueLength(longest: number): Admission {
  return ({ ahead, candidates, nowMs }) =>
    ahead < longest
      ? { admit: true }
      : { admit: false, reason: 'queue-full', expectedMs: expectedWaitMs(ahead, candidates, nowMs) ?? 1000 };
}

/**
 * Expected wait with `ahead` requests in front, ms: the time after which that many slots and one more have come free. A request takes
 * the mean service time of its model there; the requests that run have run for a while. `undefined` before the first sample.
 */
export function expectedWaitMs(ahead: number, candidates: readonly Candidate[], nowMs: number): number | undefined {
  return expectedWaits(candidates, nowMs)(ahead);
}

/** The same for several places of one queue. */
export function expectedWaits(candidates: readonly Candidate[], nowMs: number): (ahead: number) => number | undefined {
  const slots = [...new Set(candidates.map(({ replica }) => replica))].flatMap((replica) => slotsOf(replica, nowMs));
  const isInstant = slots.some(({ serviceMs }) => serviceMs === 0);
  const free = (atMs: number): number => {
    let sum = 0;
    for (const { freeMs, serviceMs } of slots) if (atMs >= freeMs) sum += Math.floor((atMs - freeMs) / serviceMs) + 1;
    return sum;
  };
  return (ahead) => {
    if (slots.length === 0) return undefined;
    if (isInstant || free(0) > ahead) return 0;
    let [tooSoonMs, enoughMs] = [0, 1];
    while (free(enoughMs) <= ahead) [tooSoonMs, enoughMs] = [enoughMs, enoughMs * 2];
    while (enoughMs - tooSoonMs > 1) {
      const middleMs = Math.floor((tooSoonMs + enoughMs) / 2);
      if (free(middleMs) > ahead) enoughMs = middleMs;
      else tooSoonMs = middleMs;
    }
    return enoughMs;
  };
}

// The slots of a model with samples, and when each of them comes free.
function slotsOf(
  { slots, speed, runningSinceMs, abandonedPrefills }: Replica,
  nowMs: number,
): readonly { readonly freeMs: number; readonly serviceMs: number }[] {
  if (speed.serviceMs === undefined) return [];
  const serviceMs = Math.max(1, speed.serviceMs);
  // A server that queues requests itself always has one.
  if (!Number.isFinite(slots.count)) return [{ freeMs: 0, serviceMs: 0 }];
  const taken = [
    ...runningSinceMs.map((sinceMs) => Math.max(0, serviceMs - (nowMs - sinceMs))),
    ...abandonedPrefills.map(({ untilMs }) => Math.max(0, untilMs - nowMs)),
  ].toSorted((a, b) => a - b);
  // A trial runs beyond the count: the first end frees no slot.
  const times = [...Array.from({ length: Math.max(0, slots.count - taken.length) }, () => 0), ...taken];
  return times.slice(-slots.count).map((freeMs) => ({ freeMs, serviceMs }));
}

/**
 * When a client should retry after a rejection, ms: half of the expected wait, with jitter so that clients do not return together.
 * Below 60 s: clients ignore longer values.
 */
export function retryAfterMs(expectedMs: number, random: number): number {
  return Math.round(Math.min(Math.max(expectedMs / 2, 1000) + random * 2000, 59_000));
}
