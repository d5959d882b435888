/** Probes in a row without an answer after which a server is unresponsive: a busy machine answers one of them. */
const MOST_UNANSWERED = 3;
const PAUSE_MS = 3000;

/**
 * Probes servers that let requests wait for long. A long prompt is no reason to give a server up; a server that answers no probe is
 * given up.
 */
export class LivenessWatch {
  readonly #answers: (server: string) => Promise<boolean>;
  /** Callbacks, by server. */
  readonly #watched = new Map<string, Set<() => void>>();

  constructor(answers: (server: string) => Promise<boolean>) {
    this.#answers = answers;
  }

  /**
   * Probes a server again and again, until the function that is returned is called; `onDead` is called once if the server is
   * unresponsive.
   */
  watch(server: string, onDead: () => void): () => void {
    const known = this.#watched.get(server);
    const waiting = known ?? new Set();
    waiting.add(onDead);
    if (known === undefined) {
      this.#watched.set(server, waiting);
      void this.#keep(server, waiting);
    }
    return () => waiting.delete(onDead);
  }

  // One loop for each server, for all requests that wait there.
  async #keep(server: string, waiting: ReadonlySet<() => void>): Promise<void> {
    let unanswered = 0;
    while (waiting.size > 0 && unanswered < MOST_UNANSWERED) {
      unanswered = (await this.#answers(server)) ? 0 : unanswered + 1;
      if (unanswered < MOST_UNANSWERED) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
    this.#watched.delete(server);
    for (const onDead of waiting) onDead();
  }
}
