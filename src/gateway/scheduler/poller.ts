import type { Listing } from '../route/residency.ts';

/** The parts that a poller needs. */
export interface PollerOptions {
  /** The current backends. */
  readonly backends: () => readonly string[];
  readonly list: (backend: string) => Promise<Listing | undefined>;
  readonly onListed: (backend: string, listing: Listing) => void;
}

const PAUSE_MS = 2000;

/** Lists the models in each backend's memory every 2 s. A backend that does not answer delays no other. */
export class Poller {
  readonly #options: PollerOptions;
  /** Backends with a list in progress, and whether to repeat it at its end. */
  readonly #polling = new Map<string, boolean>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      for (const backend of options.backends()) if (!this.#polling.has(backend)) void this.#ask(backend);
    }, PAUSE_MS);
    this.#timer.unref();
  }

  /** Lists every backend now. A list in progress is repeated at its end: its answer may be older. */
  pollNow(): void {
    for (const backend of this.#options.backends()) {
      if (this.#polling.has(backend)) this.#polling.set(backend, true);
      else void this.#ask(backend);
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #ask(backend: string): Promise<void> {
    if (this.#closed) return;
    this.#polling.set(backend, false);
    const listing = await this.#options.list(backend);
    const repeat = this.#polling.get(backend);
    this.#polling.delete(backend);
    if (!this.#closed && listing !== undefined) this.#options.onListed(backend, listing);
    if (repeat === true) void this.#ask(backend);
  }
}
