import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent } from '../../exchange.ts';
import { FINISH } from './head.ts';
import { LegacyLogprobs } from './legacy-logprobs.ts';

/** How a choice is written. */
export interface TextShape {
  /** What comes before it. */
  readonly echo: string;
  readonly hidesLogprobs: boolean;
}

/** Gathers one choice of a completion that is not streamed. */
export class TextCompletion implements ResponseEncoder {
  readonly #index: number;
  readonly #shape: TextShape;
  #text = '';
  #thinking = '';
  readonly #logprobs: unknown[] = [];
  /** The log probabilities of a server that speaks our dialect. */
  #told: unknown;
  /** The choice, once its end has come. */
  choice: Json | undefined;
  /** What a server that speaks our dialect said beside its choice. */
  rest: Json = {};

  constructor(index: number, shape: TextShape) {
    this.#index = index;
    this.#shape = shape;
  }

  /** How likely its tokens are in the mean, as a logarithm; what is not known is least likely. */
  get likelihood(): number {
    const given = isObject(this.#told)
      ? this.#told['token_logprobs']
      : this.#logprobs.map((token) => (isObject(token) ? token['logprob'] : undefined));
    const known = Array.isArray(given) ? given.filter((value) => typeof value === 'number') : [];
    return known.length === 0 ? Number.NEGATIVE_INFINITY : known.reduce((sum, value) => sum + value, 0) / known.length;
  }

  encode(event: ServerEvent): string {
    if (event.kind === 'text') {
      this.#text += event.text;
      if (event.logprobs !== undefined) this.#logprobs.push(...event.logprobs);
    } else if (event.kind === 'thinking') this.#thinking += event.text;
    else if (event.kind === 'verbatim') this.#verbatim(event.body);
    else if (event.kind === 'end')
      this.choice ??= {
        text: this.#shape.echo + this.#text,
        ...this.#thoughts(),
        index: this.#index,
        logprobs: this.#lists(),
        finish_reason: FINISH[event.reason],
      };
    return '';
  }

  // They have no place in the API's completions; to lose them would be worse than to add one.
  #thoughts(): Json {
    return this.#thinking === '' ? {} : { reasoning_content: this.#thinking };
  }

  #lists(): Json | null {
    return this.#logprobs.length === 0 || this.#shape.hidesLogprobs
      ? null
      : new LegacyLogprobs(this.#shape.echo).body(this.#logprobs);
  }

  #verbatim({ choices, ...rest }: Json): void {
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // an array of what is not yet known
    // It has repeated the prompt itself, where it can.
    const said = isObject(choice) ? choice : {};
    // Ollama gives no reason where it cuts off a model that repeats itself.
    this.#told = said['logprobs'];
    this.choice = {
      ...said,
      index: this.#index,
      finish_reason: said['finish_reason'] ?? 'length',
      ...(this.#shape.hidesLogprobs ? { logprobs: null } : {}),
    };
    this.rest = rest;
  }
}
