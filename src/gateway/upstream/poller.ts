import type { Listing } from '../route/residence.ts';

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
  readonly #asked = new Set<string>();
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(options: PollerOptions) {
    this.#options = options;
    this.#timer = setInterval(() => { this.look(); }, PAUSE_MS);
    this.#timer.unref();
  }

  /** Asks every server that is not being asked. */
  look(): void {
    for (const backend of this.#options.backends()) void this.#ask(backend);
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
  }

  async #ask(backend: string): Promise<void> {
    if (this.#closed || this.#asked.has(backend)) return;
    this.#asked.add(backend);
    const listing = await this.#options.list(backend);
    this.#asked.delete(backend);
    if (!this.#closed && listing !== undefined) this.#options.onListed(backend, listing);
  }
}
