import type { Fleet, TickIndex } from './fleet.ts';
import type { Replica } from './replica.ts';

/** Nothing to look at. */
export function createTickIndex(): TickIndex {
  return {
    timed: new Set(),
    unlisted: new Set(),
    unbegun: new Set(),
    overdueMs: Number.NEGATIVE_INFINITY,
    loading: new Set(),
    implicit: new Set(),
  };
}

/** Parts of a fleet in the order in which they were made, so that decisions have one order. */
export function inOrder<T extends { readonly number: number }>(parts: ReadonlySet<T>): readonly T[] {
  return parts.size < 2 ? [...parts] : [...parts].toSorted((a, b) => a.number - b.number);
}

/** Records that a replica has begun or ended its work, or that its residency has changed. */
export function observeListed({ ticks: { unlisted } }: Pick<Fleet, 'ticks'>, replica: Replica): void {
  const { inFlight, residency } = replica;
  if (inFlight > 0 && (residency.state === 'absent' || residency.listedOthers !== undefined)) unlisted.add(replica);
  else if (unlisted.size > 0) unlisted.delete(replica);
}
