import type { ProbeResult } from '../upstream/probe.ts';

/** The parts that a prober needs. */
export interface ProberOptions {
  readonly probe: (backend: string) => Promise<ProbeResult>;
  readonly now: () => number;
  readonly onResult: (backend: string, alive: boolean) => void;
}

/** Probes of a doubted backend that must fail before it counts as down: it takes connections, and one probe may break as a request did. */
const MOST_CONFIRMATIONS = 3;
const PAUSE_MS = 250;

/** Probes backends whose circuit is open, each at its time, and backends that are doubted, at once. */
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
    const timer = setTimeout(
      () => {
        this.#timers.delete(backend);
        void this.#probe(backend, 1);
      },
      Math.max(0, atMs - this.#options.now()),
    );
    this.#timers.set(backend, timer);
  }

  /** Probes a doubted backend now. A backend that cannot be reached is down at once; a backend that takes connections, after three probes. */
  confirm(backend: string): void {
    void this.#probe(backend, MOST_CONFIRMATIONS);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #probe(backend: string, most: number): Promise<void> {
    let result = await this.#options.probe(backend);
    for (let probes = 1; probes < most && result !== 'up' && result !== 'unreachable' && !this.#closed; probes += 1) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      result = await this.#options.probe(backend);
    }
    if (!this.#closed) this.#options.onResult(backend, result === 'up');
  }
}
