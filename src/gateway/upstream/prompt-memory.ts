import type { Deployment } from '../../schema/gateway-config.ts';

/** A shorter prompt is read in less than a second: it is not compared, and not kept. */
const LEAST_LENGTH = 4096;
/** A longer prompt is not kept. */
const MOST_LENGTH = 1024 * 1024;
/** Conversations that are kept for a model on a server. */
const MOST_PROMPTS = 4;
/** Characters that are kept for all of them. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/**
 * The last prompts of conversations. A server reads only the part of a prompt that its cache lacks, so only that part says how fast it
 * reads, and how long it goes on reading when the client has left.
 */
export class PromptMemory {
  /** By model and server, the one used last at the end. */
  readonly #prompts = new Map<string, string[]>();
  #characters = 0;

  /** Characters that are kept. */
  get characters(): number {
    return this.#characters;
  }

  /** Returns the length of a prompt without the beginning that it shares with the last prompt of its conversation, and keeps it for the next. */
  add({ url, model }: Pick<Deployment, 'url' | 'model'>, prompt: string): number {
    if (prompt.length < LEAST_LENGTH) return prompt.length;
    const key = `${url} ${model}`;
    const prompts = this.#prompts.get(key) ?? [];
    let shared = 0;
    let nearest = -1;
    for (const [index, known] of prompts.entries()) {
      const common = commonLength(known, prompt);
      if (common <= shared) continue;
      shared = common;
      nearest = index;
    }
    if (prompt.length <= MOST_LENGTH) this.#keep(key, prompts, prompt, nearest, shared);
    return prompt.length - shared;
  }

  #keep(key: string, prompts: string[], prompt: string, nearest: number, shared: number): void {
    // Another conversation may begin with the same system prompt.
    const isContinued = shared * 2 >= (prompts[nearest]?.length ?? Infinity);
    const [dropped] = isContinued
      ? prompts.splice(nearest, 1)
      : prompts.length < MOST_PROMPTS
        ? []
        : prompts.splice(0, 1);
    prompts.push(prompt);
    this.#characters += prompt.length - (dropped?.length ?? 0);
    this.#prompts.delete(key);
    this.#prompts.set(key, prompts);
    for (const [oldest, others] of this.#prompts) {
      if (this.#characters <= MOST_CHARACTERS) return;
      this.#prompts.delete(oldest);
      for (const { length } of others) this.#characters -= length;
    }
  }
}

// Slices share memory and are compared natively.
function commonLength(a: string, b: string): number {
  let least = 0;
  let most = Math.min(a.length, b.length);
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (a.slice(least, middle) === b.slice(least, middle)) least = middle;
    else most = middle - 1;
  }
  return least;
}
