import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent } from '../../exchange.ts';
import { FINISH } from './completion-head.ts';
import { LegacyLogprobs } from './legacy-logprobs.ts';

/** How a choice is encoded. */
export interface TextShape {
  /** The prompt to repeat in front of the text; empty for none. */
  readonly echo: string;
  readonly hidesLogprobs: boolean;
}

/** Collects one choice of a completion that is not streamed. */
export class TextCompletion implements ResponseEncoder {
  readonly #index: number;
  readonly #shape: TextShape;
  #text = '';
  #thinking = '';
  readonly #logprobs: unknown[] = [];
  /** The log probabilities from a server of OpenAI's dialect. */
  #foreignLogprobs: unknown;
  /** The choice; set after the `end` event. */
  choice: Json | undefined;
  /** The other fields in the body of a server of OpenAI's dialect, beside the choice. */
  rest: Json = {};

  constructor(index: number, shape: TextShape) {
    this.#index = index;
    this.#shape = shape;
  }

  /** The mean log probability of the tokens; -Infinity if it is unknown, so that such a choice ranks last. */
  get likelihood(): number {
    const values = isObject(this.#foreignLogprobs)
      ? this.#foreignLogprobs['token_logprobs']
      : this.#logprobs.map((token) => (isObject(token) ? token['logprob'] : undefined));
    const numbers = Array.isArray(values) ? values.filter((value) => typeof value === 'number') : [];
    return numbers.length === 0
      ? Number.NEGATIVE_INFINITY
      : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
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
        ...this.#reasoning(),
        index: this.#index,
        logprobs: this.#legacyLogprobs(),
        finish_reason: FINISH[event.reason],
      };
    return '';
  }

  // The API's completions have no field for thinking; an additional field is better than lost text.
  #reasoning(): Json {
    return this.#thinking === '' ? {} : { reasoning_content: this.#thinking };
  }

  #legacyLogprobs(): Json | null {
    return this.#logprobs.length === 0 || this.#shape.hidesLogprobs
      ? null
      : new LegacyLogprobs(this.#shape.echo).body(this.#logprobs);
  }

  #verbatim({ choices, ...rest }: Json): void {
    const [choice] = Array.isArray(choices) ? (choices as readonly unknown[]) : []; // the elements stay unknown
    // The server repeats the prompt itself, if it supports `echo`.
    const foreignChoice = isObject(choice) ? choice : {};
    // Ollama gives no finish reason if it cuts off a model that repeats itself.
    this.#foreignLogprobs = foreignChoice['logprobs'];
    this.choice = {
      ...foreignChoice,
      index: this.#index,
      finish_reason: foreignChoice['finish_reason'] ?? 'length',
      ...(this.#shape.hidesLogprobs ? { logprobs: null } : {}),
    };
    this.rest = rest;
  }
}
