import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { ServerEvent } from '../../exchange.ts';
import { ResponseMetrics } from './metrics.ts';
import { head, logprobsOf, NOTHING, type ResponseState, type ResponseShape } from './shape.ts';

/** Writes an answer as Ollama streams it: a JSON object on each line, of which the last is done. */
export class AnswerStream implements ResponseEncoder {
  readonly #model: string;
  readonly #shape: ResponseShape;
  readonly #watch = new ResponseMetrics();
  #calls = 0;

  constructor(model: string, shape: ResponseShape) {
    this.#model = model;
    this.#shape = shape;
  }

  encode(event: ServerEvent): string {
    switch (event.kind) {
      case 'text':
        return this.#piece({ ...NOTHING, text: event.text }, event.logprobs);
      case 'thinking':
        return this.#piece({ ...NOTHING, thinking: event.text });
      case 'tool-call': {
        const firstCall = this.#calls;
        this.#calls += 1;
        return this.#piece({ ...NOTHING, calls: [event.call], firstCall });
      }
      case 'end':
        return this.#line(NOTHING, { ...endOf(event), ...this.#watch.metrics(event.usage) });
      case 'verbatim':
      case 'vectors':
      case 'failure':
        return '';
    }
  }

  #piece(said: ResponseState, logprobs: readonly unknown[] = []): string {
    this.#watch.heard();
    return this.#line(said, { done: false, ...logprobsOf(logprobs) });
  }

  #line(said: ResponseState, rest: Json): string {
    return `${JSON.stringify({ ...head(this.#model), ...this.#shape(said), ...rest })}\n`;
  }
}

/** How an answer ended, in Ollama's words, which have none for calls. */
export function endOf({ reason, context }: Extract<ServerEvent, { kind: 'end' }>): Json {
  return {
    done: true,
    done_reason: reason === 'length' ? 'length' : 'stop',
    ...(context === undefined ? {} : { context }),
  };
}
