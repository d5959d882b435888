import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent } from '../../exchange.ts';
import { ResponseMetrics } from './metrics.ts';
import { responseHead, logprobsOf, EMPTY_OUTPUT, type ModelOutput, type ResponseShape } from './response-shape.ts';

/** Encodes a response as Ollama streams it: one JSON object per line; the last has `done: true`. */
export class NdjsonEncoder implements ResponseEncoder {
  readonly #model: string;
  readonly #shape: ResponseShape;
  readonly #metrics = new ResponseMetrics();
  #calls = 0;

  constructor(model: string, shape: ResponseShape) {
    this.#model = model;
    this.#shape = shape;
  }

  encode(event: ServerEvent): string {
    switch (event.kind) {
      case 'text':
        return this.#chunk({ ...EMPTY_OUTPUT, text: event.text }, event.logprobs);
      case 'thinking':
        return this.#chunk({ ...EMPTY_OUTPUT, thinking: event.text });
      case 'tool-call': {
        const firstCall = this.#calls;
        this.#calls += 1;
        return this.#chunk({ ...EMPTY_OUTPUT, calls: [event.call], firstCall });
      }
      case 'end':
        return this.#line(EMPTY_OUTPUT, { ...endOf(event), ...this.#metrics.metrics(event.usage) });
      case 'verbatim':
      case 'vectors':
      case 'failure':
        return '';
    }
  }

  #chunk(output: ModelOutput, logprobs: readonly unknown[] = []): string {
    this.#metrics.markFirstEvent();
    return this.#line(output, { done: false, ...logprobsOf(logprobs) });
  }

  #line(output: ModelOutput, rest: Json): string {
    return `${JSON.stringify({ ...responseHead(this.#model), ...this.#shape(output), ...rest })}\n`;
  }
}

/** The fields at the end of a response. Ollama has no `done_reason` for tool calls. */
export function endOf({ reason, context }: Extract<ServerEvent, { kind: 'end' }>): Json {
  return {
    done: true,
    done_reason: reason === 'length' ? 'length' : 'stop',
    ...(context === undefined ? {} : { context }),
  };
}
