import type { ModelRequest, LoadRequest, ServerEvent, ServerFailure, Usage } from '../exchange.ts';
import type { WireExchange, WireExchangeListener } from './wire-exchange.ts';
import type { SettledRequest } from './token-counting.ts';
import { adaptRequest, missingCapabilityIn, unforced, type MissingCapability } from './adapt-request.ts';

/** Who is told what becomes of a request to a server. */
export interface UpstreamListener extends WireExchangeListener {
  /** A parameter was left out, since the model cannot honour it. */
  onIgnoredParam(parameter: string): void;
}

/** What a sending needs to know of its server. */
export interface UpstreamTarget {
  readonly strict: boolean;
  missing(request: ModelRequest | LoadRequest): ReadonlySet<MissingCapability>;
  learn(missing: MissingCapability): void;
  /** Parameters that cannot be said to it, or not all of them, where that is no reason to refuse. */
  unsupportedParams(request: ModelRequest): readonly string[];
  /** Asks the server what its model can do; `undefined` where that is known, or the request does not need it. */
  look(request: ModelRequest): Promise<void> | undefined;
  dispatch(request: ModelRequest, listener: WireExchangeListener): WireExchange;
  /** What the answer cost. */
  settle(settled: SettledRequest): Usage;
}

/** One request to one server, sent as far as its model can do it: what it refuses to try is left out, and it is asked again. */
export class UpstreamRequest {
  #asks: ModelRequest | LoadRequest;
  readonly #target: UpstreamTarget;
  readonly #listener: UpstreamListener;
  #exchange: WireExchange | undefined;
  #told: readonly string[] = [];
  /** What its own refusals have said. */
  readonly #refused = new Set<MissingCapability>();
  #cancelled = false;

  constructor(request: ModelRequest | LoadRequest, recipient: UpstreamTarget, listener: UpstreamListener) {
    this.#asks = request;
    this.#target = recipient;
    this.#listener = listener;
  }

  /** How long the request was that was sent last. */
  get bytes(): number {
    return this.#exchange?.bytes ?? 0;
  }

  /** Whether we broke off what was sent. */
  get brokenOff(): boolean {
    return this.#exchange?.brokenOff === true;
  }

  /** Sends; throws where the request cannot be written as JSON. */
  start(): void {
    if (this.#asks.kind === 'load') {
      // Whoever has a place finds the model in memory: there is nothing to send.
      this.#tellSoon({ kind: 'end', reason: 'stop', usage: { promptTokens: 0, completionTokens: 0 } });
      return;
    }
    const looking = this.#target.look(this.#asks);
    if (looking === undefined) this.#send();
    else
      void looking.then(() => {
        this.#sendLater();
      });
  }

  /** Breaks the connection off, which is how a server learns that nobody waits any more. */
  cancel(): void {
    this.#cancelled = true;
    this.#exchange?.cancel();
  }

  #sendLater(): void {
    try {
      this.#send();
    } catch {
      this.#listener.onEvents([
        {
          kind: 'failure',
          failure: {
            kind: 'invalid',
            code: null,
            fault: 'request',
            message: 'Your request cannot be passed on to the model.',
          },
        },
      ]);
    }
  }

  #send(): void {
    if (this.#cancelled || this.#asks.kind === 'load') return;
    const adapted = adaptRequest(this.#asks, this.#target.missing(this.#asks), this.#target.strict);
    if (!('request' in adapted)) {
      this.#tellSoon({ kind: 'failure', failure: adapted });
      return;
    }
    const ignoredParams = [...adapted.ignoredParams, ...this.#target.unsupportedParams(adapted.request)];
    for (const parameter of ignoredParams)
      if (!this.#told.includes(parameter)) this.#listener.onIgnoredParam(parameter);
    this.#told = ignoredParams;
    this.#exchange = this.#target.dispatch(adapted.request, {
      onEvents: (events) => {
        this.#onEvents(events, adapted.request);
      },
    });
  }

  // Not before the caller knows what it has started.
  #tellSoon(event: ServerEvent): void {
    queueMicrotask(() => {
      if (!this.#cancelled) this.#listener.onEvents([event]);
    });
  }

  // Whether a refusal leaves something to be asked for.
  #asksForLess(failure: ServerFailure): boolean {
    const missing = missingCapabilityIn(failure);
    // Others may have learned the same while it was under way.
    if (missing !== undefined && !this.#refused.has(missing)) {
      this.#refused.add(missing);
      this.#target.learn(missing);
      return true;
    }
    const free = this.#target.strict || this.#asks.kind === 'load' ? undefined : unforced(this.#asks, failure);
    if (free === undefined) return false;
    this.#asks = free;
    this.#listener.onIgnoredParam('tool_choice');
    return true;
  }

  // What could just be written as JSON here may not be where the stack is deeper, and the answer is whole all the same.
  #settled(request: ModelRequest, end: Extract<ServerEvent, { kind: 'end' }>): Usage {
    try {
      return this.#target.settle({ request, length: this.bytes, end });
    } catch {
      return end.usage;
    }
  }

  #onEvents(events: readonly ServerEvent[], request: ModelRequest): void {
    const [first] = events;
    const last = events.at(-1);
    if (first?.kind === 'failure' && this.#asksForLess(first.failure)) this.#sendLater();
    else if (last?.kind === 'end')
      this.#listener.onEvents([...events.slice(0, -1), { ...last, usage: this.#settled(request, last) }]);
    else this.#listener.onEvents(events);
  }
}
