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

interface Chosen<T> extends Job<T> {
  /** Work of all requests of its caller, s. */
  readonly groupS: number;
  /** Its place in the order of the deadlines. */
  readonly place: number;
}

/**
 * The requests that can all begin in time, after Moore and Hodgson: in the order of their deadlines, and each time the sum of their work
 * passes one, the largest request is taken out, of the caller whose requests are most work in all. `capacity` is the number of full
 * replicas.
 */
export function onTimeSet<T>(jobs: readonly Job<T>[], capacity: number): ReadonlySet<T> {
  const workOf = new Map<string, number>();
  for (const { group, workS } of jobs) workOf.set(group, (workOf.get(group) ?? 0) + workS);
  // A heap: the one to take out first is at its start.
  const chosen: Chosen<T>[] = [];
  let sumS = 0;
  for (const [place, job] of jobs.toSorted((a, b) => a.leftS - b.leftS).entries()) {
    const { value, leftS, workS, group } = job;
    push(chosen, { value, leftS, workS, group, groupS: workOf.get(group) ?? 0, place });
    sumS += workS;
    if (sumS / capacity <= leftS) continue;
    const dropped = takeFirst(chosen);
    if (dropped !== undefined) sumS -= dropped.workS;
  }
  return new Set(chosen.map(({ value }) => value));
}

// Of requests of the same size the last one goes.
function goesOutBefore<T>(a: Chosen<T>, b: Chosen<T>): boolean {
  return (a.groupS - b.groupS || a.workS - b.workS || a.place - b.place) > 0;
}

function push<T>(heap: Chosen<T>[], job: Chosen<T>): void {
  let index = heap.length;
  heap.push(job);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const other = heap[above];
    if (other === undefined || !goesOutBefore(job, other)) break;
    heap[index] = other;
    index = above;
  }
  heap[index] = job;
}

function takeFirst<T>(heap: Chosen<T>[]): Chosen<T> | undefined {
  const [first] = heap;
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return last;
  let index = 0;
  for (;;) {
    let below = 2 * index + 1;
    let next = heap[below];
    const right = heap[below + 1];
    if (next === undefined) break;
    if (right !== undefined && goesOutBefore(right, next)) {
      below += 1;
      next = right;
    }
    if (!goesOutBefore(next, last)) break;
    heap[index] = next;
    index = below;
  }
  heap[index] = last;
  return first;
}
