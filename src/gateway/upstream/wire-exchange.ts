import type { Dispatcher } from 'undici';
import { asError } from '../../core/error.ts';
import type { ServerEvent, ServerFailure } from '../exchange.ts';
import type { ResponseDecoder, WireRequest } from './wire-request.ts';
import { Deadline, type UpstreamLimits } from './deadline.ts';
import { connectionFailure, invalidResponse, UNRESPONSIVE, isStale, timeoutFailure } from './exchange-failure.ts';

/** Gets the events of a response. */
export interface WireExchangeListener {
  /** The events of one chunk; nothing follows an `end` or a `failure`. */
  onEvents(events: readonly ServerEvent[]): void;
}

const MAX_REFUSAL_BYTES = 64 * 1024;
/** Bytes behind the end of a response that are read, so that its connection can be used again. */
const MAX_REST_BYTES = 64 * 1024;
/** Bytes of a response that are decoded in a row; then the event loop turns once. Node reads up to 2 MiB from a socket in a row. */
const MAX_TURN_BYTES = 256 * 1024;
/** A chunk takes as long as so many bytes of a long one: 2 MiB hold 350,000 chunks of a byte. */
const CHUNK_COST_BYTES = 64;

/**
 * Characters of a body from which on it is sent in a turn of the event loop of its own: undici copies it as bytes, which takes 1 ms for
 * each MiB, beside the 3 ms of its writing.
 */
const LARGE_BODY = 8 * 1024 * 1024;

/** One exchange with one server: decodes the response as it comes, keeps the time limits, and can be cancelled at any time. */
export class WireExchange implements Dispatcher.DispatchHandler {
  readonly #call: WireRequest;
  readonly #listener: WireExchangeListener;
  readonly #deadline: Deadline;
  readonly #sentMs = performance.now();
  readonly #sendAgain: (exchange: WireExchange) => void;
  #sentAgain = false;
  /** The first byte of a response has come. */
  #begun = false;
  /** Set once the connection is made and the request is written. */
  #controller: Dispatcher.DispatchController | undefined;
  #reader: ResponseDecoder | undefined;
  #status = 0;
  #refusal = '';
  #events: ServerEvent[] = [];
  /** The listener has got the last event, or wants none. */
  #finished = false;
  #cancelled = false;
  #restBytes = 0;
  /** Bytes since the last pause. */
  #turnBytes = 0;

  /**
   * `sendAgain` sends the request once more to the same server, over a new connection; `watch` starts to probe the server, returns a function that stops
   * it, and calls back if the server is unresponsive.
   */
  constructor(
    call: WireRequest,
    newLength: number,
    limits: UpstreamLimits,
    listener: WireExchangeListener,
    sendAgain: (exchange: WireExchange) => void,
    watch: (onDead: () => void) => () => void,
  ) {
    this.#call = call;
    this.newLength = newLength;
    this.#sendAgain = sendAgain;
    this.#listener = listener;
    this.#deadline = new Deadline(limits, {
      onLate: (phase, limitMs) => {
        this.#fail(timeoutFailure(phase, limitMs));
      },
      onQuiet: () =>
        watch(() => {
          this.#fail(UNRESPONSIVE);
        }),
    });
  }

  /** Whether the gateway has cancelled it. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Length of the request's body, in characters. */
  get bytes(): number {
    return this.#call.body.length;
  }

  /** Length of the part of the prompt that is new to the server, in characters. */
  readonly newLength: number;

  /** Has the request sent, unless it is cancelled before the turn of a large body. */
  begin(send: () => void): void {
    if (this.bytes < LARGE_BODY) send();
    else
      setImmediate(() => {
        try {
          if (!this.#cancelled) send();
        } catch (error) {
          this.onResponseError(null, asError(error));
        }
      });
  }

  /** Closes the connection: so the server learns that the client has gone. */
  cancel(): void {
    this.#finished = true;
    this.#cancelled = true;
    this.#deadline.stop();
    this.#controller?.abort(new Error('cancelled'));
  }

  #fail(failure: ServerFailure): void {
    this.#cancelled = true;
    this.#emit({ kind: 'failure', failure });
    this.cancel();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancelled) controller.abort(new Error('cancelled'));
  }

  onResponseStarted(): void {
    this.#begun = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.#status = status;
    if (status === 200) this.#reader = this.#call.read((event) => this.#events.push(event));
    this.#deadline.piece();
  }

  onResponseData(controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.#turnBytes += bytes.length + CHUNK_COST_BYTES;
    if (this.#turnBytes > MAX_TURN_BYTES) this.#pause(controller);
    this.#deadline.piece();
    if (this.#finished) {
      this.#dropRest(bytes.length);
      return;
    }
    if (this.#reader === undefined) {
      this.#refusal += bytes.toString('utf8');
      // It says no more, and may have no end.
      if (this.#refusal.length >= MAX_REFUSAL_BYTES) this.#refused();
      return;
    }
    this.#reading((reader) => {
      reader.push(bytes);
    });
  }

  #pause(controller: Dispatcher.DispatchController): void {
    this.#turnBytes = 0;
    controller.pause();
    setImmediate(() => {
      controller.resume();
    });
  }

  /** Drops bytes behind the last event. A server that does not end its response is cut off, so that it ends. */
  #dropRest(bytes: number): void {
    this.#restBytes += bytes;
    if (this.#restBytes > MAX_REST_BYTES) this.cancel();
  }

  onResponseEnd(): void {
    this.#deadline.stop();
    if (this.#reader === undefined) this.#refused();
    else {
      this.#reading((reader) => {
        reader.end();
      });
    }
  }

  #refused(): void {
    this.#emit({ kind: 'failure', failure: this.#call.fail(this.#status, this.#refusal) });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isStale(error)) {
      this.#sentAgain = true;
      this.#controller = undefined;
      this.#sendAgain(this);
      return;
    }
    this.#deadline.stop();
    this.#emit({ kind: 'failure', failure: connectionFailure(error, this.#controller !== undefined) });
  }

  #isStale(error: Error): boolean {
    return !this.#finished && !this.#sentAgain && !this.#begun && isStale(error, performance.now() - this.#sentMs);
  }

  #reading(read: (reader: ResponseDecoder) => void): void {
    if (this.#finished || this.#reader === undefined) return;
    try {
      read(this.#reader);
    } catch (error) {
      const failure = { ...invalidResponse('the backend sent an invalid response'), error };
      this.#events.push({ kind: 'failure', failure });
    }
    this.#flush();
  }

  #emit(event: ServerEvent): void {
    this.#events.push(event);
    this.#flush();
  }

  #flush(): void {
    const events = this.#events;
    if (this.#finished || events.length === 0) return;
    this.#events = [];
    const last = events.at(-1);
    this.#finished = last?.kind === 'end' || last?.kind === 'failure';
    this.#listener.onEvents(events);
    // The response is complete before the server has stopped: cancel the rest.
    if (last?.kind === 'end' && last.early === true) this.cancel();
  }
}
