import type { ResponseEncoder } from '../../client-dialect.ts';
import type { Failure, ServerEvent } from '../../exchange.ts';
import { responseEventText, wholeResponseEventText, type StreamEvent } from './event-text.ts';
import { errorEvent, responseError } from './dialect.ts';
import { Output, type OutputOptions } from './output.ts';
import { inProgressBody, endedBody, failedBody, statusOf, type ResponseHead } from './response-body.ts';

/** Encodes a response as a stream of numbered events. */
export class ResponseEventEncoder implements ResponseEncoder {
  readonly #head: ResponseHead;
  readonly #output: Output;
  #sequenceNumber = 0;

  constructor(head: ResponseHead, outputOptions: OutputOptions) {
    this.#head = head;
    this.#output = new Output(outputOptions);
  }

  encode(event: ServerEvent): string {
    const outputEvents = this.#output.add(event);
    const text = this.#start() + this.#numberedText(outputEvents);
    if (event.kind !== 'end') return text;
    const status = statusOf(event.reason);
    const rest = this.#numberedText(this.#output.end(status));
    const response = endedBody(this.#head, this.#output, event.reason, event.usage);
    return text + rest + this.#wholeText(`response.${status}`, response);
  }

  /**
   * Encodes a failure in the middle of a stream. It sends both `error` and `response.failed`, because each client waits for one of
   * the two.
   */
  fail(failure: Failure): string {
    const text = this.#start() + errorEvent(failure, this.#sequenceNumber);
    this.#sequenceNumber += 1;
    const response = failedBody(this.#head, this.#output, { ...responseError(failure) });
    return text + this.#wholeText('response.failed', response);
  }

  #start(): string {
    if (this.#sequenceNumber > 0) return '';
    const response = inProgressBody(this.#head);
    return this.#wholeText('response.created', response) + this.#wholeText('response.in_progress', response);
  }

  #wholeText(type: string, response: string): string {
    const text = wholeResponseEventText(type, this.#sequenceNumber, response);
    this.#sequenceNumber += 1;
    return text;
  }

  #numberedText(events: readonly StreamEvent[]): string {
    let text = '';
    for (const event of events) {
      text += responseEventText(event, this.#sequenceNumber);
      this.#sequenceNumber += 1;
    }
    return text;
  }
}

/** Collects a response that is not streamed. */
export class WholeResponseEncoder implements ResponseEncoder {
  readonly #head: ResponseHead;
  readonly #output: Output;
  /** The response as JSON; set after the `end` event. */
  response: string | undefined;

  constructor(head: ResponseHead, outputOptions: OutputOptions) {
    this.#head = head;
    this.#output = new Output(outputOptions);
  }

  encode(event: ServerEvent): string {
    this.#output.add(event);
    if (event.kind === 'end') {
      this.#output.end(statusOf(event.reason));
      this.response = endedBody(this.#head, this.#output, event.reason, event.usage);
    }
    return '';
  }
}
