import type { ReplyWriter, ServerEvent } from '../exchange.ts';
import { isObject, type Json } from './body.ts';
import { FINISH } from './head.ts';
import { LegacyLogprobs } from './legacy-logprobs.ts';

/** Gathers one choice of a completion that is not streamed; `echo` comes before it. */
export class TextCompletion implements ReplyWriter {
  readonly #index: number;
  readonly #echo: string;
  #text = '';
  #thinking = '';
  readonly #logprobs: unknown[] = [];
  /** The choice, once its end has come. */
  choice: Json | undefined;
  /** What a server that speaks our dialect said beside its choice. */
  rest: Json = {};

  constructor(index: number, echo: string) {
    this.#index = index;
    this.#echo = echo;
  }

  write(event: ServerEvent): string {
    if (event.kind === 'text') {
      this.#text += event.text;
      if (event.logprobs !== undefined) this.#logprobs.push(...event.logprobs);
    } else if (event.kind === 'thinking') this.#thinking += event.text;
    else if (event.kind === 'verbatim') this.#verbatim(event.body);
    else if (event.kind === 'end') this.choice ??= { text: this.#echo + this.#text, ...this.#thoughts(), index: this.#index, logprobs: this.#lists(), finish_reason: FINISH[event.reason] };
    return '';
  }

  // They have no place in the API's completions; to lose them would be worse than to add one.
  #thoughts(): Json {
    return this.#thinking === '' ? {} : { reasoning_content: this.#thinking };
  }

  #lists(): Json | null {
    return this.#logprobs.length === 0 ? null : new LegacyLogprobs(this.#echo).body(this.#logprobs);
  }

  #verbatim({ choices, ...rest }: Json): void {
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // an array of what is not yet known
    // It has repeated the prompt itself, where it can.
    const said = isObject(choice) ? choice : {};
    // Ollama gives no reason where it cuts off a model that repeats itself.
    this.choice = { ...said, index: this.#index, finish_reason: said['finish_reason'] ?? 'length' };
    this.rest = rest;
  }
}
