import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { endOf } from './answer-stream.ts';
import { ResponseMetrics } from './metrics.ts';
import { head, logprobsOf, type ResponseShape } from './shape.ts';

/** Gathers an answer that is sent in one piece. */
export class AnswerWhole implements ResponseEncoder {
  readonly #model: string;
  readonly #shape: ResponseShape;
  readonly #watch = new ResponseMetrics();
  #text = '';
  #thinking = '';
  readonly #calls: ToolCall[] = [];
  readonly #logprobs: unknown[] = [];
  #end: Json = {};

  constructor(model: string, shape: ResponseShape) {
    this.#model = model;
    this.#shape = shape;
  }

  encode(event: ServerEvent): string {
    this.#watch.heard();
    if (event.kind === 'text') {
      this.#text += event.text;
      if (event.logprobs !== undefined) this.#logprobs.push(...event.logprobs);
    } else if (event.kind === 'thinking') this.#thinking += event.text;
    else if (event.kind === 'tool-call') this.#calls.push(event.call);
    else if (event.kind === 'end') this.#end = { ...endOf(event), ...this.#watch.metrics(event.usage) };
    return '';
  }

  /** The body, once the end has come. */
  body(): string {
    const said = this.#shape({ text: this.#text, thinking: this.#thinking, calls: this.#calls });
    return JSON.stringify({ ...head(this.#model), ...said, ...this.#end, ...logprobsOf(this.#logprobs) });
  }
}
