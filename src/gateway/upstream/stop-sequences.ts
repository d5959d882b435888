import type { ServerEvent } from '../exchange.ts';

/** Looks for stop sequences in a text that comes in chunks, and passes on every part that cannot belong to one. */
export class StopSequences {
  readonly #stops: readonly string[];
  readonly #emit: (event: ServerEvent) => void;
  #held = '';
  #tokens: unknown[] | undefined;
  #stopped: string | undefined;

  constructor(stops: readonly string[], emit: (event: ServerEvent) => void) {
    this.#stops = stops;
    this.#emit = emit;
  }

  /** The stop sequence that was found. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Takes a chunk with its tokens. Returns true once a stop sequence is found; nothing of the sequence is passed on. */
  take(text: string, tokens: readonly unknown[] | undefined): boolean {
    this.#held += text;
    if (tokens !== undefined) this.#tokens = [...(this.#tokens ?? []), ...tokens];
    const first = this.#firstStop();
    if (first !== undefined) {
      this.#stopped = first.stop;
      // Tokens of the stop sequence are dropped with its text.
      this.#tokens = tokensWithin(this.#tokens, first.at);
      this.#held = this.#held.slice(0, first.at);
      this.#pass(first.at);
      return true;
    }
    this.#pass(this.#beginning());
    return false;
  }

  /** Passes on the text that is held back: no more text comes. */
  release(): void {
    if (this.#stopped === undefined) this.#pass(this.#held.length);
  }

  // A token and its text stay together.
  #pass(end: number): void {
    const [held, tokens] = [this.#held, this.#tokens];
    const logprobs = end === held.length ? tokens : tokensWithin(tokens, end);
    const text = held.slice(0, logprobs === undefined || end === held.length ? end : lengthOf(logprobs));
    this.#held = held.slice(text.length);
    this.#tokens = this.#held === '' ? undefined : tokens?.slice(logprobs?.length);
    if (text !== '') this.#emit(logprobs === undefined ? { kind: 'text', text } : { kind: 'text', text, logprobs });
  }

  // The sequence that is complete first, the longest of several: the result does not depend on the chunks.
  #firstStop(): { readonly at: number; readonly stop: string } | undefined {
    let first: { readonly at: number; readonly stop: string } | undefined;
    for (const stop of this.#stops) {
      const at = this.#held.indexOf(stop);
      const sooner = first === undefined ? 0 : at + stop.length - (first.at + first.stop.length);
      if (at >= 0 && (first === undefined || sooner < 0 || (sooner === 0 && at < first.at))) first = { at, stop };
    }
    return first;
  }

  // Where a stop sequence may begin in the text held back; the text's length if nowhere.
  #beginning(): number {
    const held = this.#held;
    let first = held.length;
    for (const stop of this.#stops) {
      let from = Math.max(0, held.length - stop.length + 1);
      while (from < first && !stop.startsWith(held.slice(from))) from += 1;
      first = Math.min(first, from);
    }
    return first;
  }
}

function tokensWithin(tokens: readonly unknown[] | undefined, end: number): unknown[] | undefined {
  let at = 0;
  return tokens?.filter((token) => {
    at += textOfToken(token).length;
    return at <= end;
  });
}

function lengthOf(tokens: readonly unknown[]): number {
  return tokens.reduce<number>((sum, token) => sum + textOfToken(token).length, 0);
}

function textOfToken(token: unknown): string {
  return typeof token === 'object' && token !== null && 'token' in token && typeof token.token === 'string'
    ? token.token
    : '';
}
