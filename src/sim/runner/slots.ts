import { Gone } from '../wire/refusal.ts';

/** One slot of a runner. It works on one prompt and keeps its tokens in the cache. */
interface Slot {
  remembered: readonly string[];
  usedAt: number;
  busy: boolean;
}

/** A slot in use. */
export interface Place {
  /** Number of the prompt's first tokens in the slot's cache: they need no prefill. */
  readonly known: number;
  /** Gives the slot to the longest waiter. `tokens` are the new content of its cache. */
  leave(tokens: readonly string[]): void;
}

/** The slots of a runner. Requests without a free slot wait in an unbounded first-come queue, as in Ollama. */
export class Slots {
  readonly #slots: readonly Slot[];
  readonly #queue: ((slot: Slot) => void)[] = [];
  #turn = 0;

  constructor(number: number) {
    this.#slots = Array.from({ length: number }, () => ({ remembered: [], usedAt: 0, busy: false }));
  }

  get busy(): number {
    return this.#slots.filter((slot) => slot.busy).length;
  }

  get waiting(): number {
    return this.#queue.length;
  }

  /** Waits for a slot. Throws {@link Gone} if the client leaves first. */
  async enter(prompt: readonly string[], signal: AbortSignal): Promise<Place> {
    if (signal.aborted) throw new Gone();
    const slot = this.#best(prompt) ?? (await this.#wait(signal));
    slot.busy = true;
    slot.usedAt = this.#turn += 1;
    return {
      // At least one token is always prefilled: generation needs one to start from.
      known: Math.max(0, Math.min(commonLength(slot.remembered, prompt), prompt.length - 1)),
      leave: (tokens) => {
        slot.remembered = tokens;
        // The slot stays busy during the handover, so that a new request cannot take it first.
        const next = this.#queue.shift();
        if (next === undefined) slot.busy = false;
        else next(slot);
      },
    };
  }

  #wait(signal: AbortSignal): Promise<Slot> {
    return new Promise((resolve, reject) => {
      const go = (slot: Slot): void => {
        signal.removeEventListener('abort', leave);
        resolve(slot);
      };
      const leave = (): void => {
        this.#queue.splice(this.#queue.indexOf(go), 1);
        reject(new Gone());
      };
      this.#queue.push(go);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  // The slot with the longest common prefix wins, even if that is one token of the template; among equals, the slot
  // unused longest.
  #best(prompt: readonly string[]): Slot | undefined {
    const free = this.#slots
      .filter((slot) => !slot.busy)
      .map((slot) => ({ slot, common: commonLength(slot.remembered, prompt) }));
    return free.toSorted((a, b) => b.common - a.common || a.slot.usedAt - b.slot.usedAt)[0]?.slot;
  }
}

function commonLength(a: readonly string[], b: readonly string[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
