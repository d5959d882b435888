import type { Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { Failure, ServerEvent } from '../../exchange.ts';
import { responseEventText, type StreamEvent } from './event-text.ts';
import { errorEvent, responseError } from './dialect.ts';
import { Output, type OutputEvents } from './output.ts';
import { begunBody, endedBody, failedBody, statusOf, type ResponseHead } from './response-body.ts';

/** Writes a response as a stream of numbered events. */
export class ResponseEventEncoder implements ResponseEncoder {
  readonly #head: ResponseHead;
  readonly #output: Output;
  #next = 0;

  constructor(head: ResponseHead, telling: OutputEvents) {
    this.#head = head;
    this.#output = new Output(telling);
  }

  encode(event: ServerEvent): string {
    const told = this.#output.take(event);
    const text = this.#begin() + this.#tell(told);
    if (event.kind !== 'end') return text;
    const status = statusOf(event.reason);
    const rest = this.#tell(this.#output.end(status));
    return (
      text +
      rest +
      this.#tell([
        { type: `response.${status}`, response: endedBody(this.#head, this.#output, event.reason, event.usage) },
      ])
    );
  }

  /** What is told of a failure in the middle: clients wait for the one event or the other. */
  fail(failure: Failure): string {
    const text = this.#begin() + errorEvent(failure, this.#next);
    this.#next += 1;
    return (
      text +
      this.#tell([
        { type: 'response.failed', response: failedBody(this.#head, this.#output, { ...responseError(failure) }) },
      ])
    );
  }

  #begin(): string {
    if (this.#next > 0) return '';
    const response = begunBody(this.#head);
    return this.#tell([
      { type: 'response.created', response },
      { type: 'response.in_progress', response },
    ]);
  }

  #tell(events: readonly StreamEvent[]): string {
    let text = '';
    for (const event of events) {
      text += responseEventText(event, this.#next);
      this.#next += 1;
    }
    return text;
  }
}

/** Gathers a response that goes in one piece. */
export class WholeResponseEncoder implements ResponseEncoder {
  readonly #head: ResponseHead;
  readonly #output: Output;
  /** The response, once its end has come. */
  response: Json | undefined;

  constructor(head: ResponseHead, telling: OutputEvents) {
    this.#head = head;
    this.#output = new Output(telling);
  }

  encode(event: ServerEvent): string {
    this.#output.take(event);
    if (event.kind === 'end') {
      this.#output.end(statusOf(event.reason));
      this.response = endedBody(this.#head, this.#output, event.reason, event.usage);
    }
    return '';
  }
}
