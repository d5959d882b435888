import { loadClock, rankOf, waitedMs, type Queue, type Waiter } from './queue.ts';

/** Sums of times in another order differ by less than this, ms. */
const ROUNDING_MS = 0.01;

/** The waiters of a queue that have waited for too long, in the order of the queue. */
export function expiredWaiters(queue: Queue, nowMs: number): readonly Waiter[] {
  const { byTime, byWait } = queue;
  const clockMs = nowMs - loadClock(queue, nowMs) + ROUNDING_MS;
  if ((byTime[0]?.key ?? Infinity) > nowMs && (byWait[0]?.key ?? Infinity) > clockMs) return [];
  const found = new Set<Waiter>();
  for (const { value } of upTo(byTime, nowMs)) found.add(value);
  for (const { value } of upTo(byWait, clockMs)) if (waitedMs(queue, value, nowMs) > value.maxWaitMs) found.add(value);
  return [...found].toSorted((a, b) => rankOf(a) - rankOf(b) || positionOf(a) - positionOf(b));
}

function positionOf({ place }: Waiter): number {
  return place?.inBand.inAll.position ?? 0;
}

// The entries of a heap with keys up to a limit: below a greater key there are none.
function upTo<T extends { readonly key: number }>(heap: readonly T[], most: number): readonly T[] {
  const found: T[] = [];
  const indexes = [0];
  for (let index = indexes.pop(); index !== undefined; index = indexes.pop()) {
    const entry = heap[index];
    if (entry === undefined || entry.key > most) continue;
    found.push(entry);
    indexes.push(2 * index + 1, 2 * index + 2);
  }
  return found;
}
