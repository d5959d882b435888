/** Probes in a row without an answer after which a server is unresponsive: a busy machine answers one of them. */
const MOST_UNANSWERED = 3;
const PAUSE_MS = 3000;

interface Watched {
  /** Callbacks of the requests that wait. */
  readonly waiting: Set<() => void>;
  /** Ends the probe that is under way. */
  probing: AbortController;
}

/**
 * Probes servers that let requests wait for long. A long prompt is no reason to give a server up; a server that answers no probe is
 * given up.
 */
export class LivenessWatch {
  readonly #answers: (server: string, ended: AbortSignal) => Promise<boolean>;
  readonly #watched = new Map<string, Watched>();

  /** `answers` probes a server until `ended`: false counts against it. */
  constructor(answers: (server: string, ended: AbortSignal) => Promise<boolean>) {
    this.#answers = answers;
  }

  /**
   * Probes a server again and again, until the function that is returned is called; `onDead` is called once if the server is
   * unresponsive.
   */
  watch(server: string, onDead: () => void): () => void {
    const known = this.#watched.get(server);
    const watched = known ?? { waiting: new Set(), probing: new AbortController() };
    watched.waiting.add(onDead);
    if (known === undefined) {
      this.#watched.set(server, watched);
      void this.#keep(server, watched);
    }
    return () => {
      watched.waiting.delete(onDead);
      if (watched.waiting.size === 0) watched.probing.abort();
    };
  }

  // One loop for each server, for all requests that wait there.
  async #keep(server: string, watched: Watched): Promise<void> {
    const { waiting } = watched;
    let unanswered = 0;
    while (waiting.size > 0 && unanswered < MOST_UNANSWERED) {
      watched.probing = new AbortController();
      const answered = await this.#answers(server, watched.probing.signal);
      // An aborted probe says nothing.
      if (!watched.probing.signal.aborted) unanswered = answered ? 0 : unanswered + 1;
      if (unanswered < MOST_UNANSWERED) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
    this.#watched.delete(server);
    for (const onDead of waiting) onDead();
  }
}
