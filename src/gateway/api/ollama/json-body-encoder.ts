import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent, ToolCall } from '../../exchange.ts';
import { endOf } from './ndjson-encoder.ts';
import { ResponseMetrics } from './metrics.ts';
import { responseHead, logprobsOf, type ResponseShape } from './response-shape.ts';

/** Collects a response that is not streamed. */
export class JsonBodyEncoder implements ResponseEncoder {
  readonly #model: string;
  readonly #shape: ResponseShape;
  readonly #metrics = new ResponseMetrics();
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
    this.#metrics.markFirstEvent();
    if (event.kind === 'text') {
      this.#text += event.text;
      if (event.logprobs !== undefined) this.#logprobs.push(...event.logprobs);
    } else if (event.kind === 'thinking') this.#thinking += event.text;
    else if (event.kind === 'tool-call') this.#calls.push(event.call);
    else if (event.kind === 'end') this.#end = { ...endOf(event), ...this.#metrics.metrics(event.usage) };
    return '';
  }

  /** The body, complete after the `end` event. */
  body(): string {
    const output = this.#shape({ text: this.#text, thinking: this.#thinking, calls: this.#calls });
    return JSON.stringify({ ...responseHead(this.#model), ...output, ...this.#end, ...logprobsOf(this.#logprobs) });
  }
}
