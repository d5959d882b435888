import { Gone } from '../wire/refusal.ts';

/** One of a runner's places: it works on one prompt, and remembers its tokens. */
interface Slot {
  remembered: readonly string[];
  usedAt: number;
  busy: boolean;
}

/** A slot in use. */
export interface Place {
  /** How many of the prompt's first tokens it still knows: they need no prefill. */
  readonly known: number;
  /** Gives the slot to whoever waits longest; `tokens` are what it knows now. */
  leave(tokens: readonly string[]): void;
}

/** The slots of a runner. Who finds none waits, first come first served, without any bound, as in Ollama. */
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

  /** Waits for a slot; throws {@link Gone} when the client leaves first. */
  async enter(prompt: readonly string[], signal: AbortSignal): Promise<Place> {
    if (signal.aborted) throw new Gone();
    const slot = this.#best(prompt) ?? (await this.#wait(signal));
    slot.busy = true;
    slot.usedAt = this.#turn += 1;
    return {
      // At least one token is always worked on, or there would be nothing to go on from.
      known: Math.max(0, Math.min(commonLength(slot.remembered, prompt), prompt.length - 1)),
      leave: (tokens) => {
        slot.remembered = tokens;
        // Handed over while still marked as busy, so that nobody who comes now gets in first.
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

  // The longest common beginning decides, be it one token of the template; among equals the slot unused longest.
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
