import type { Listing } from '../route/residency.ts';

/** The parts that a poller needs. */
export interface PollerOptions {
  /** The current backends. */
  readonly backends: () => readonly string[];
  readonly list: (backend: string) => Promise<Listing | undefined>;
  readonly onListed: (backend: string, listing: Listing) => void;
}

const PAUSE_MS = 2000;

/**
 * Lists the models in each backend's memory, again and again. A backend that does not answer delays no other.
 */
export class Poller {
  readonly #options: PollerOptions;
  /** Backends with a list under way, and whether to list them again after it. */
  readonly #asked = new Map<string, boolean>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => {
      for (const backend of options.backends()) if (!this.#asked.has(backend)) void this.#ask(backend);
    }, PAUSE_MS);
    this.#timer.unref();
  }

  /** Lists every backend now. A list that is under way is repeated after its end: its answer may be older. */
  look(): void {
    for (const backend of this.#options.backends()) {
      if (this.#asked.has(backend)) this.#asked.set(backend, true);
      else void this.#ask(backend);
    }
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #ask(backend: string): Promise<void> {
    if (this.#closed) return;
    this.#asked.set(backend, false);
    const listing = await this.#options.list(backend);
    const again = this.#asked.get(backend);
    this.#asked.delete(backend);
    if (!this.#closed && listing !== undefined) this.#options.onListed(backend, listing);
    if (again === true) void this.#ask(backend);
  }
}
