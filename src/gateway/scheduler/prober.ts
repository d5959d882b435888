/** The parts that a prober needs. */
export interface ProberOptions {
  readonly probe: (backend: string) => Promise<boolean>;
  readonly now: () => number;
  readonly onResult: (backend: string, alive: boolean) => void;
}

/** Probes backends whose circuit is open, each at its time. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(options: ProberOptions) {
    this.#options = options;
  }

  /** Schedules a probe at a time on the clock of `now`; it replaces an earlier one of the same backend. */
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
