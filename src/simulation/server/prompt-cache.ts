import type { PrefixPart } from '../request.ts';

/** The prompt, and the answer once it is complete, that a slot has processed. */
export type Cached = readonly PrefixPart[];

/** A slot is chosen by its content if that covers more than this part of the prompt. */
const LEAST_COVER = 0.1;
/** Displaced prompts in host memory, tokens: 8 GiB at 128 KiB a token. */
const HOST_TOKENS = 65_536;

/** A slot of a runner, with the prompt that it holds. */
export interface CacheSlot {
  cached: Cached;
  isBusy: boolean;
  lastUsed: number;
}

/** The slots of a runner as prompt caches, with a memory for displaced prompts where the server has one. */
export class PromptCache {
  readonly slots: readonly CacheSlot[];
  readonly #hasHostMemory: boolean;
  /** Displaced prompts, oldest first. */
  #displaced: Cached[] = [];
  #uses = 0;

  constructor(slots: number, hasHostMemory: boolean) {
    this.slots = Array.from({ length: slots }, () => ({ cached: [], isBusy: false, lastUsed: 0 }));
    this.#hasHostMemory = hasHostMemory;
  }

  /** Takes an idle slot for a prompt and returns it with the tokens that it holds already; `undefined` if none is idle. */
  take(prompt: Cached): { readonly slot: CacheSlot; readonly cover: number } | undefined {
    let best: CacheSlot | undefined;
    let [bestCover, bestIsSimilar] = [0, false];
    for (const slot of this.slots) {
      if (slot.isBusy) continue;
      const cover = commonTokens(slot.cached, prompt);
      const isSimilar = cover > LEAST_COVER * tokensOf(prompt);
      const isBetter =
        best === undefined ||
        (isSimilar && (!bestIsSimilar || cover > bestCover)) ||
        (!isSimilar && !bestIsSimilar && slot.lastUsed < best.lastUsed);
      if (isBetter) [best, bestCover, bestIsSimilar] = [slot, cover, isSimilar];
    }
    if (best === undefined) return undefined;
    const cover = this.#hasHostMemory ? this.#exchange(best, prompt, bestCover) : bestCover;
    best.isBusy = true;
    best.cached = prompt;
    return { slot: best, cover };
  }

  /** Gives a slot back; `cached` is what it holds from now on. */
  leave(slot: CacheSlot, cached: Cached): void {
    this.#uses += 1;
    Object.assign(slot, { cached, isBusy: false, lastUsed: this.#uses });
  }

  // A prompt that loses more than half of its tokens goes to the host's memory; a better one comes back from there.
  #exchange({ cached }: CacheSlot, prompt: Cached, cover: number): number {
    let found = -1;
    let best = cover;
    for (const [index, displaced] of this.#displaced.entries()) {
      const common = commonTokens(displaced, prompt);
      if (common > best) [found, best] = [index, common];
    }
    if (found !== -1) this.#displaced.splice(found, 1);
    if (cached.length > 0 && (found !== -1 || cover < tokensOf(cached) / 2)) this.#displaced.push(cached);
    let tokens = this.#displaced.reduce((sum, one) => sum + tokensOf(one), 0);
    while (tokens > HOST_TOKENS) tokens -= tokensOf(this.#displaced.shift() ?? []);
    return best;
  }
}

/** Tokens of the messages with which both begin. */
export function commonTokens(a: Cached, b: Cached): number {
  let tokens = 0;
  for (const [index, part] of b.entries()) {
    if (a[index]?.hash !== part.hash) break;
    ({ tokens } = part);
  }
  return tokens;
}

function tokensOf(cached: Cached): number {
  return cached.at(-1)?.tokens ?? 0;
}
