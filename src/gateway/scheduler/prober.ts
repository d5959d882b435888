/** What a prober needs. */
export interface ProberOptions {
  readonly probe: (backend: string) => Promise<boolean>;
  readonly now: () => number;
  readonly onResult: (backend: string, alive: boolean) => void;
}

/** Asks servers that were found dead whether they live again, each when its time has come. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Asks a server at a time on the clock of `now`; a later call for the same one takes the place of an earlier. */
  schedule(backend: string, atMs: number): void {
    if (this.#closed) return;
    clearTimeout(this.#timers.get(backend));
    const timer = setTimeout(() => void this.#probe(backend), Math.max(0, atMs - this.#options.now()));
    this.#timers.set(backend, timer);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #probe(backend: string): Promise<void> {
    const alive = await this.#options.probe(backend);
    if (!this.#closed) this.#options.onResult(backend, alive);
  }
}
