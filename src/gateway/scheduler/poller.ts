import type { Listing } from '../route/residency.ts';

/** What a poller needs. */
export interface PollerOptions {
  /** The servers of the moment. */
  readonly backends: () => readonly string[];
  readonly list: (backend: string) => Promise<Listing | undefined>;
  readonly onListed: (backend: string, listing: Listing) => void;
}

const PAUSE_MS = 2000;

/** Asks servers again and again what is in their memory, each by itself: one that does not answer holds up no other. */
export class Poller {
  readonly #options: PollerOptions;
  /** Those who are being asked, and whether to ask again after that. */
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

  /** Asks every server, one that is being asked already once more after that: what it says may be from before. */
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
