/** A request that is to begin in time. */
export interface Job<T> {
  readonly value: T;
  /** Time until its work has to be done, s. */
  readonly leftS: number;
  /** Its work: the time that it takes of a full replica, s. */
  readonly workS: number;
  /** Its caller. */
  readonly group: string;
}

/**
 * The requests that can all begin in time, after Moore and Hodgson: in the order of their deadlines, and each time the sum of their work
 * passes one, the largest request is taken out, of the caller whose requests are most work in all. `capacity` is the number of full
 * replicas.
 */
export function onTimeSet<T>(jobs: readonly Job<T>[], capacity: number): ReadonlySet<T> {
  const chosen: Job<T>[] = [];
  const workOf = new Map<string, number>();
  let sumS = 0;
  for (const { group, workS } of jobs) workOf.set(group, (workOf.get(group) ?? 0) + workS);
  for (const job of jobs.toSorted((a, b) => a.leftS - b.leftS)) {
    chosen.push(job);
    sumS += job.workS;
    if (sumS / capacity <= job.leftS) continue;
    const index = indexToDrop(chosen, workOf);
    const [dropped] = chosen.splice(index, 1);
    if (dropped === undefined) continue;
    sumS -= dropped.workS;
  }
  return new Set(chosen.map(({ value }) => value));
}

function indexToDrop<T>(jobs: readonly Job<T>[], workOf: ReadonlyMap<string, number>): number {
  let most = -Infinity;
  for (const { group } of jobs) most = Math.max(most, workOf.get(group) ?? 0);
  let found = 0;
  let largest = -Infinity;
  for (const [index, { workS, group }] of jobs.entries()) {
    if ((workOf.get(group) ?? 0) < most || workS < largest) continue;
    largest = workS;
    found = index;
  }
  return found;
}
