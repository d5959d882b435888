interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** Virtual time: actions run in the order of their times, and at one time in the order in which they were added. A binary heap. */
export class Clock {
  nowMs = 0;
  /** Actions that have run. */
  events = 0;
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Runs an action at a time; a time in the past is now. */
  at(atMs: number, action: () => void): void {
    this.#order += 1;
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order, action };
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** Runs an action after a time. */
  in(ms: number, action: () => void): void {
    this.at(this.nowMs + ms, action);
  }

  /** Runs actions until `isOver`, or until none is left. */
  run(isOver: () => boolean): void {
    while (!isOver()) {
      const next = this.#pop();
      if (next === undefined) return;
      this.nowMs = next.atMs;
      this.events += 1;
      next.action();
    }
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        child += 1;
        below = right;
      }
      if (!isBefore(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
