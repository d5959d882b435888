import type { Listing } from '../route/residency.ts';

/** The parts that a poller needs. */
export interface PollerOptions {
  /** The current backends. */
  readonly backends: () => readonly string[];
  /** Whether a load runs on a backend. */
  readonly isLoading: (backend: string) => boolean;
  readonly list: (backend: string) => Promise<Listing | undefined>;
  readonly onListed: (backend: string, listing: Listing) => void;
}

const LOADING_PAUSE_MS = 250;
/** Between two lists of a backend without a load, in pauses. */
const PAUSES = 8;

/**
 * Lists the models in each backend's memory every 2 s, and every 0.25 s while a load runs there: only the lists show which models
 * make room for it. A backend that does not answer delays no other.
 */
export class Poller {
  readonly #options: PollerOptions;
  /** Backends with a list in progress, and whether to repeat it at its end. */
  readonly #polling = new Map<string, boolean>();
  readonly #timer: NodeJS.Timeout;
  #turns = 0;
  #closed = false;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#turns += 1;
      const all = this.#turns % PAUSES === 0;
      for (const backend of options.backends())
        if (!this.#polling.has(backend) && (all || options.isLoading(backend))) void this.#ask(backend);
    }, LOADING_PAUSE_MS);
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
