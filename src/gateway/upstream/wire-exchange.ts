import type { Dispatcher } from 'undici';
import type { ServerEvent, ServerFailure } from '../exchange.ts';
import type { ResponseDecoder, WireRequest } from './wire-request.ts';
import { Deadline, type UpstreamLimits } from './deadline.ts';
import { connectionFailure, UNRESPONSIVE, isStale, timeoutFailure } from './exchange-failure.ts';

/** Who is told what a server says. */
export interface WireExchangeListener {
  /** What came with one piece of the answer; nothing follows an `end` or a `failure`. */
  onEvents(events: readonly ServerEvent[]): void;
}

const MAX_REFUSAL_BYTES = 64 * 1024;

/** One request to one server: reads the answer as it comes, keeps its deadlines, and can be cancelled at any time. */
export class WireExchange implements Dispatcher.DispatchHandler {
  readonly #call: WireRequest;
  readonly #listener: WireExchangeListener;
  readonly #deadline: Deadline;
  readonly #sentMs = performance.now();
  readonly #sendAgain: (exchange: WireExchange) => void;
  #sentAgain = false;
  #controller: Dispatcher.DispatchController | undefined;
  #reader: ResponseDecoder | undefined;
  #status = 0;
  #refusal = '';
  #events: ServerEvent[] = [];
  /** The listener has been told the end, or does not want to hear it. */
  #told = false;
  #broken = false;

  /** `sendAgain` sends it once more to the same server; `watch` begins to ask whether that lives, gives how to end it, and tells when it does not. */
  constructor(
    call: WireRequest,
    limits: UpstreamLimits,
    listener: WireExchangeListener,
    sendAgain: (exchange: WireExchange) => void,
    watch: (onDead: () => void) => () => void,
  ) {
    this.#call = call;
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

  /** Whether we broke it off. */
  get brokenOff(): boolean {
    return this.#broken;
  }

  /** How long the request is. */
  get bytes(): number {
    return this.#call.body.length;
  }

  /** Breaks the connection off, which is how a server learns that nobody waits any more. */
  cancel(): void {
    this.#told = true;
    this.#broken = true;
    this.#deadline.stop();
    this.#controller?.abort(new Error('cancelled'));
  }

  #fail(failure: ServerFailure): void {
    this.#broken = true;
    this.#tell({ kind: 'failure', failure });
    this.cancel();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#broken) controller.abort(new Error('cancelled'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    if (status < 200) return;
    this.#status = status;
    if (status === 200) this.#reader = this.#call.read((event) => this.#events.push(event));
    this.#deadline.piece();
  }

  onResponseData(_controller: Dispatcher.DispatchController, bytes: Buffer): void {
    this.#deadline.piece();
    if (this.#told) return;
    if (this.#reader === undefined) {
      if (this.#refusal.length < MAX_REFUSAL_BYTES) this.#refusal += bytes.toString('utf8');
      return;
    }
    this.#reading((reader) => {
      reader.push(bytes);
    });
  }

  onResponseEnd(): void {
    this.#deadline.stop();
    if (this.#reader === undefined)
      this.#tell({ kind: 'failure', failure: this.#call.fail(this.#status, this.#refusal) });
    else {
      this.#reading((reader) => {
        reader.end();
      });
    }
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#isStale(error)) {
      this.#sentAgain = true;
      this.#sendAgain(this);
      return;
    }
    this.#deadline.stop();
    this.#tell({ kind: 'failure', failure: connectionFailure(error) });
  }

  #isStale(error: Error): boolean {
    return !this.#told && !this.#sentAgain && this.#status === 0 && isStale(error, performance.now() - this.#sentMs);
  }

  #reading(read: (reader: ResponseDecoder) => void): void {
    if (this.#told || this.#reader === undefined) return;
    try {
      read(this.#reader);
    } catch {
      const failure: ServerFailure = {
        kind: 'upstream',
        code: 'backend_failed',
        fault: 'deployment',
        message: 'the backend sent what cannot be read',
      };
      this.#events.push({ kind: 'failure', failure });
    }
    this.#flush();
  }

  #tell(event: ServerEvent): void {
    this.#events.push(event);
    this.#flush();
  }

  #flush(): void {
    const events = this.#events;
    if (this.#told || events.length === 0) return;
    this.#events = [];
    const last = events.at(-1);
    this.#told = last?.kind === 'end' || last?.kind === 'failure';
    this.#listener.onEvents(events);
    // The answer is whole before the server thinks so: it must not go on.
    if (last?.kind === 'end' && last.early === true) this.cancel();
  }
}
