import type { Clock } from '../clock.ts';
import type { SimServer } from '../server/server.ts';

const POLL_MS = 250;
/** Between two lists of a server without a load, in polls. */
const POLLS = 8;
const PROBE_MS = 2000;
const CONFIRMATIONS = 3;
const CONFIRM_PAUSE_MS = 250;
/** Silence after which a server is probed, and the time that three probes without an answer take. */
const QUIET_MS = 15_000;
const UNANSWERED_MS = 3 * PROBE_MS + 2 * 3000;

/** Gets the results of lists and probes. */
export interface WatchListener {
  isLoading(url: string): boolean;
  onListed(url: string, models: readonly string[]): void;
  onProbed(url: string, alive: boolean): void;
}

/** The poller, the prober and the watch for servers that stand still, in virtual time. */
export class Watch {
  readonly #clock: Clock;
  readonly #servers: ReadonlyMap<string, SimServer>;
  readonly #listener: WatchListener;
  /** Attempts that have been silent for long, by server, each with its failure. */
  readonly #silent = new Map<SimServer, Set<() => void>>();
  #polls = 0;

  constructor(clock: Clock, servers: ReadonlyMap<string, SimServer>, listener: WatchListener) {
    this.#clock = clock;
    this.#servers = servers;
    this.#listener = listener;
    this.pollNow();
    this.#pollLater();
  }

  /** Lists every server, a moment later. */
  pollNow(): void {
    this.#clock.in(0, () => {
      for (const server of this.#servers.values()) this.#list(server);
    });
  }

  /** Probes a server at a time. */
  probeAt(url: string, atMs: number): void {
    this.#clock.at(atMs, () => {
      this.#probe(url, 1);
    });
  }

  /** Probes a doubted server now. */
  confirm(url: string): void {
    this.#clock.in(0, () => {
      this.#probe(url, CONFIRMATIONS);
    });
  }

  /**
   * Fails an attempt whose server has stood still for so long that it answers no probe. `isSilent` tells whether the attempt still waits
   * for data.
   */
  watchSilence(url: string, sinceMs: number, isSilent: () => boolean, onDead: () => void): void {
    const server = this.#servers.get(url);
    if (server === undefined) return;
    this.#clock.at(sinceMs + QUIET_MS, () => {
      if (!server.isFrozen || !isSilent()) return;
      const known = this.#silent.get(server);
      if (known !== undefined) {
        known.add(onDead);
        return;
      }
      const attempts = new Set([onDead]);
      this.#silent.set(server, attempts);
      this.#clock.in(UNANSWERED_MS, () => {
        this.#silent.delete(server);
        if (server.isFrozen) for (const fail of attempts) fail();
      });
    });
  }

  #pollLater(): void {
    this.#clock.in(POLL_MS, () => {
      this.#polls += 1;
      const all = this.#polls % POLLS === 0;
      for (const server of this.#servers.values()) if (all || this.#listener.isLoading(server.url)) this.#list(server);
      this.#pollLater();
    });
  }

  #list(server: SimServer): void {
    const models = server.list();
    if (models !== undefined) this.#listener.onListed(server.url, models);
  }

  #probe(url: string, left: number): void {
    const server = this.#servers.get(url);
    if (server?.isFrozen !== true) this.#listener.onProbed(url, server?.isDown === false);
    else
      this.#clock.in(PROBE_MS, () => {
        if (left === 1) this.#listener.onProbed(url, false);
        else
          this.#clock.in(CONFIRM_PAUSE_MS, () => {
            this.#probe(url, left - 1);
          });
      });
  }
}
