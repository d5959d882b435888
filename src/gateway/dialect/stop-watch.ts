import type { ServerEvent } from '../exchange.ts';

/** Looks for stop sequences in a text that comes in pieces, and passes on all that can be none of one. */
export class StopWatch {
  readonly #stops: readonly string[];
  readonly #emit: (event: ServerEvent) => void;
  #held = '';
  #tokens: unknown[] | undefined;
  #stopped: string | undefined;

  constructor(stops: readonly string[], emit: (event: ServerEvent) => void) {
    this.#stops = stops;
    this.#emit = emit;
  }

  /** The stop sequence that has come. */
  get stopped(): string | undefined {
    return this.#stopped;
  }

  /** Takes a piece with its tokens; true once a stop sequence has come, of which nothing is passed on. */
  take(text: string, tokens: readonly unknown[] | undefined): boolean {
    this.#held += text;
    if (tokens !== undefined) this.#tokens = [...(this.#tokens ?? []), ...tokens];
    const first = this.#firstStop();
    if (first !== undefined) {
      this.#stopped = first.stop;
      // Tokens of the stop sequence itself are told as little as its text.
      this.#tokens = tokensWithin(this.#tokens, first.at);
      this.#held = this.#held.slice(0, first.at);
      this.#pass();
      return true;
    }
    if (!this.#mayBegin()) this.#pass();
    return false;
  }

  /** Passes on what is held back: no more text will come. */
  release(): void {
    if (this.#stopped === undefined) this.#pass();
  }

  #pass(): void {
    const [text, logprobs] = [this.#held, this.#tokens];
    this.#held = '';
    this.#tokens = undefined;
    if (text !== '') this.#emit(logprobs === undefined ? { kind: 'text', text } : { kind: 'text', text, logprobs });
  }

  // The first to be whole, and of those the longest: the same one in whichever pieces the text comes.
  #firstStop(): { readonly at: number; readonly stop: string } | undefined {
    let first: { readonly at: number; readonly stop: string } | undefined;
    for (const stop of this.#stops) {
      const at = this.#held.indexOf(stop);
      const sooner = first === undefined ? 0 : at + stop.length - (first.at + first.stop.length);
      if (at >= 0 && (first === undefined || sooner < 0 || (sooner === 0 && at < first.at))) first = { at, stop };
    }
    return first;
  }

  // Whether the end of what is held may be the beginning of a stop sequence.
  #mayBegin(): boolean {
    const held = this.#held;
    for (const stop of this.#stops) for (let from = Math.max(0, held.length - stop.length + 1); from < held.length; from += 1) if (stop.startsWith(held.slice(from))) return true;
    return false;
  }
}

function tokensWithin(tokens: readonly unknown[] | undefined, end: number): unknown[] | undefined {
  if (tokens === undefined) return undefined;
  let at = 0;
  return tokens.filter((token) => {
    const text = typeof token === 'object' && token !== null && 'token' in token && typeof token.token === 'string' ? token.token : '';
    at += text.length;
    return at <= end;
  });
}
