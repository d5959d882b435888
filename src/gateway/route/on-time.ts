/** The requests of one caller among the jobs. */
export interface JobGroup {
  /** Its place among the callers of the jobs; it counts only while a set is chosen. */
  jobGroup: number;
}

/**
 * Requests of which as many as possible are to begin in time. They stand in columns that are used again for the next decision: objects for
 * each job of each decision were nine tenths of the garbage that routing made.
 */
export class OnTimeJobs<T> {
  readonly #values: (T | undefined)[] = [];
  readonly #groups: (JobGroup | undefined)[] = [];
  /** Time until the work of a job has to be done, and its work, the time that it takes of a full replica, s. */
  readonly #leftS: Float64Array;
  readonly #workS: Float64Array;
  /** The caller of a job, and the work of all jobs of a caller, s. */
  readonly #groupOf: Int32Array;
  readonly #groupS: Float64Array;
  /** The jobs in the order of their deadlines, and the rank of each one in it. */
  readonly #byDeadline: Int32Array;
  readonly #ranks: Int32Array;
  /** The jobs that are in the set, as a heap: the one to take out first is at its start. */
  readonly #heap: Int32Array;
  #heapSize = 0;
  readonly #isChosen: Uint8Array;
  #size = 0;

  /** `most`: the most jobs that are added before they are forgotten. */
  constructor(most: number) {
    this.#leftS = new Float64Array(most);
    this.#workS = new Float64Array(most);
    this.#groupOf = new Int32Array(most);
    this.#groupS = new Float64Array(most);
    this.#byDeadline = new Int32Array(most);
    this.#ranks = new Int32Array(most);
    this.#heap = new Int32Array(most);
    this.#isChosen = new Uint8Array(most);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds a job; `leftS`: time until its work has to be done. */
  add(value: T, leftS: number, workS: number, group: JobGroup): void {
    const index = this.#size;
    this.#values[index] = value;
    this.#leftS[index] = leftS;
    this.#workS[index] = workS;
    this.#groups[index] = group;
    this.#size += 1;
  }

  /** Forgets all jobs. */
  clear(): void {
    for (let index = 0; index < this.#size; index += 1) {
      this.#values[index] = undefined;
      this.#groups[index] = undefined;
    }
    this.#size = 0;
  }

  valueAt(index: number): T | undefined {
    return this.#values[index];
  }

  leftSAt(index: number): number {
    return this.#leftS[index] ?? 0;
  }

  /** Whether a job is in the set that was chosen last. */
  isChosen(index: number): boolean {
    return this.#isChosen[index] === 1;
  }

  /**
   * Chooses the jobs that can all begin in time, after Moore and Hodgson: in the order of their deadlines, and each time the sum of their
   * work passes one, the largest job is taken out, of the caller whose jobs are most work in all. `capacity` is the number of full replicas.
   */
  choose(capacity: number): void {
    this.#sumUpGroups();
    this.#sort();
    this.#heapSize = 0;
    let sumS = 0;
    for (let place = 0; place < this.#size; place += 1) {
      const job = this.#byDeadline[place] ?? 0;
      this.#ranks[job] = place;
      this.#isChosen[job] = 1;
      this.#push(job);
      sumS += this.#workS[job] ?? 0;
      if (sumS / capacity <= (this.#leftS[job] ?? 0)) continue;
      const dropped = this.#takeFirst();
      sumS -= this.#workS[dropped] ?? 0;
      this.#isChosen[dropped] = 0;
    }
  }

  // A number in the caller itself would be an object for each sum.
  #sumUpGroups(): void {
    for (let job = 0; job < this.#size; job += 1) {
      const group = this.#groups[job];
      if (group !== undefined) group.jobGroup = -1;
    }
    let count = 0;
    for (let job = 0; job < this.#size; job += 1) {
      const group = this.#groups[job];
      if (group === undefined) continue;
      if (group.jobGroup === -1) {
        group.jobGroup = count;
        this.#groupS[count] = 0;
        count += 1;
      }
      this.#groupOf[job] = group.jobGroup;
      this.#groupS[group.jobGroup] = (this.#groupS[group.jobGroup] ?? 0) + (this.#workS[job] ?? 0);
    }
  }

  // Jobs come nearly in the order of their deadlines, and those with the same one stay in the order in which they came.
  #sort(): void {
    for (let job = 0; job < this.#size; job += 1) {
      const leftS = this.#leftS[job] ?? 0;
      let place = job;
      while (place > 0) {
        const before = this.#byDeadline[place - 1] ?? 0;
        if ((this.#leftS[before] ?? 0) <= leftS) break;
        this.#byDeadline[place] = before;
        place -= 1;
      }
      this.#byDeadline[place] = job;
    }
  }

  // Of jobs of the same size the last one goes.
  #goesOutBefore(a: number, b: number): boolean {
    const groupS = this.#groupS[this.#groupOf[a] ?? 0] ?? 0;
    const otherGroupS = this.#groupS[this.#groupOf[b] ?? 0] ?? 0;
    if (groupS !== otherGroupS) return groupS > otherGroupS;
    const workS = this.#workS[a] ?? 0;
    const otherWorkS = this.#workS[b] ?? 0;
    return workS === otherWorkS ? (this.#ranks[a] ?? 0) > (this.#ranks[b] ?? 0) : workS > otherWorkS;
  }

  #push(job: number): void {
    let index = this.#heapSize;
    this.#heapSize += 1;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const other = this.#heap[above] ?? 0;
      if (!this.#goesOutBefore(job, other)) break;
      this.#heap[index] = other;
      index = above;
    }
    this.#heap[index] = job;
  }

  #takeFirst(): number {
    const first = this.#heap[0] ?? 0;
    this.#heapSize -= 1;
    const last = this.#heap[this.#heapSize] ?? 0;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= this.#heapSize) break;
      const right = below + 1;
      if (right < this.#heapSize && this.#goesOutBefore(this.#heap[right] ?? 0, this.#heap[below] ?? 0)) below = right;
      const next = this.#heap[below] ?? 0;
      if (!this.#goesOutBefore(next, last)) break;
      this.#heap[index] = next;
      index = below;
    }
    this.#heap[index] = last;
    return first;
  }
}
