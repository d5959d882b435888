/**
 * An event of the models in memory. `load` begins a load, for a request of `path` (`only`: it asked for nothing else); `use` and
 * `release` are requests that hold a model; from `expire` on it leaves as soon as it is idle.
 */
export interface JournalEntry {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly model: string;
  readonly event: 'load' | 'loaded' | 'aborted' | 'expire' | 'unloaded' | 'use' | 'release';
  readonly path?: string;
  readonly only?: boolean;
}

/** Entries that are kept; the oldest go first. */
const MOST = 100_000;

/** The last events of the models in memory: for measurements. */
export class Journal {
  #entries: JournalEntry[] = [];

  add(entry: Omit<JournalEntry, 'atMs'>): void {
    this.#entries.push({ atMs: performance.timeOrigin + performance.now(), ...entry });
    if (this.#entries.length > 2 * MOST) this.#entries = this.#entries.slice(-MOST);
  }

  list(): readonly JournalEntry[] {
    return this.#entries.slice(-MOST);
  }
}
