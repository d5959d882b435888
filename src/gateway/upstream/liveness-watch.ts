/** So many questions in a row that nobody answers: a machine that is busy answers one of them. */
const MOST_UNANSWERED = 3;
const PAUSE_MS = 3000;

/** Watches over servers that let requests wait for long: a long prompt is no reason to give one up, but a server that answers nothing any more is. */
export class LivenessWatch {
  readonly #answers: (server: string) => Promise<boolean>;
  /** Whom to tell, by server. */
  readonly #watched = new Map<string, Set<() => void>>();

  constructor(answers: (server: string) => Promise<boolean>) {
    this.#answers = answers;
  }

  /** Asks a server again and again whether it lives, until what this gives is called; `onDead` is told once if it does not. */
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

  // One at each server, whoever waits there.
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
