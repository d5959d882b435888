import type { ModelRequest, LoadRequest, ServerEvent, ServerFailure, Usage } from '../exchange.ts';
import type { GrownContext } from './contexts.ts';
import type { WireExchange, WireExchangeListener } from './wire-exchange.ts';
import type { SettledRequest } from './token-counting.ts';
import {
  adaptRequest,
  missingCapabilityIn,
  truncated,
  unforced,
  unsupportedFailure,
  type MissingCapability,
} from './adapt-request.ts';
import { DIMENSIONS_NOT_SUPPORTED, ignoresDimensions } from './embedding-size.ts';
import { tokensIn } from './tokens-in.ts';

/** Gets the events of a request to a server. */
export interface UpstreamListener extends WireExchangeListener {
  /** A parameter was left out: the model does not support it. */
  onIgnoredParam(parameter: string): void;
  /** The prompt did not fit and is cut, as the client's API does. */
  onTruncated(): void;
  /** The server has, or gets, a grown context for the request. */
  onGrownContext(context: GrownContext): void;
}

/** The parts of a deployment and its server that a request needs. */
export interface UpstreamTarget {
  readonly strict: boolean;
  /** Whether the server cuts a prompt. */
  readonly truncates: boolean;
  /** Whether a prompt that does not fit is reported first where the client leaves the cut to its API: the context may grow. */
  readonly growsFirst: boolean;
  missing(request: ModelRequest | LoadRequest): ReadonlySet<MissingCapability>;
  /** Records for all requests that the model lacks a capability. */
  learn(missing: MissingCapability): void;
  /** Whether the words of the request alone would be read as the refusal of a capability: a server may quote them. */
  quotes(missing: MissingCapability, request: ModelRequest): boolean;
  /** Parameters that the server's API cannot express, or only in part. */
  unsupportedParams(request: ModelRequest): readonly string[];
  /** Asks the server for the model's capabilities; `undefined` if they are known, or the request does not need them. */
  look(request: ModelRequest): Promise<void> | undefined;
  dispatch(request: ModelRequest, listener: WireExchangeListener): WireExchange;
  /** Completes the usage of a response. */
  settle(settled: SettledRequest): Usage;
}

/**
 * One request to one server, reduced to the model's capabilities. If the server refuses a part, or a prompt that may be cut,
 * the request is sent again with less.
 */
export class UpstreamRequest {
  #request: ModelRequest | LoadRequest;
  readonly #target: UpstreamTarget;
  readonly #listener: UpstreamListener;
  #exchange: WireExchange | undefined;
  /** The request as it was sent last. */
  #sent: ModelRequest | undefined;
  /** The likely number of tokens that were passed on. */
  #tokens = 0;
  #reportedParams: readonly string[] = [];
  /** Capabilities that the server has reported as missing for this request. */
  readonly #refused = new Set<MissingCapability>();
  #cancelled = false;
  /** Length of the part of the prompt that is new to the server. */
  newLength = 0;
  /** The grown context that it was sent with, in tokens; `undefined`: the server's own, or a stated one. */
  readonly context: number | undefined;

  constructor(
    request: ModelRequest | LoadRequest,
    recipient: UpstreamTarget,
    listener: UpstreamListener,
    context?: GrownContext,
  ) {
    this.context = context?.tokens;
    if (context !== undefined) listener.onGrownContext(context);
    if (request.kind !== 'load' && request.params.cut === true) listener.onTruncated();
    this.#request = request;
    this.#target = recipient;
    this.#listener = listener;
  }

  /** Length of the body that was sent last. */
  get bytes(): number {
    return this.#exchange?.bytes ?? 0;
  }

  /** The cost of the part that was passed on, estimated; `undefined` before the first of it. */
  get usageSoFar(): Usage | undefined {
    if (this.#sent === undefined || this.#tokens === 0) return undefined;
    const usage = { promptTokens: 0, completionTokens: this.#tokens, estimated: true } as const;
    return this.#completeUsage(this.#sent, { kind: 'end', reason: 'stop', early: true, usage });
  }

  /** Whether the gateway has cancelled the exchange. */
  get cancelled(): boolean {
    return this.#exchange?.cancelled === true;
  }

  /** Sends the request. Throws if it cannot be written as JSON. */
  start(): void {
    if (this.#request.kind === 'load') {
      // A slot is assigned only with the model in memory: there is nothing to send.
      this.#emitSoon({ kind: 'end', reason: 'stop', usage: { promptTokens: 0, completionTokens: 0 } });
      return;
    }
    const looking = this.#target.look(this.#request);
    if (looking === undefined) this.#send();
    else
      void looking.then(() => {
        this.#sendLater();
      });
  }

  /** Closes the connection: so the server learns that the client has gone. */
  cancel(): void {
    this.#cancelled = true;
    this.#exchange?.cancel();
  }

  #sendLater(): void {
    try {
      this.#send();
    } catch (error) {
      this.#listener.onEvents([
        {
          kind: 'failure',
          failure: {
            kind: 'invalid',
            code: null,
            fault: 'request',
            message: 'The JSON body of your request is nested too deeply.',
            // The depth of the body is the client's.
            ...(error instanceof RangeError ? {} : { error }),
          },
        },
      ]);
    }
  }

  #send(): void {
    if (this.#cancelled || this.#request.kind === 'load') return;
    const adapted = adaptRequest(this.#request, this.#missing(this.#request), this.#target.strict);
    if (!('request' in adapted)) {
      this.#emitSoon({ kind: 'failure', failure: adapted });
      return;
    }
    const unsupported = this.#target.unsupportedParams(adapted.request);
    const ignoredParams = unsupported.length === 0 ? adapted.ignoredParams : [...adapted.ignoredParams, ...unsupported];
    const refused = this.#target.strict ? ignoredParams[0] : undefined;
    if (refused !== undefined) {
      this.#emitSoon({ kind: 'failure', failure: unsupportedFailure(refused) });
      return;
    }
    for (const parameter of ignoredParams)
      if (!this.#reportedParams.includes(parameter)) this.#listener.onIgnoredParam(parameter);
    this.#reportedParams = ignoredParams;
    this.#sent = adapted.request;
    this.#exchange = this.#target.dispatch(adapted.request, {
      onEvents: (events) => {
        this.#onEvents(events, adapted.request);
      },
    });
    this.newLength = this.#exchange.newLength;
  }

  #missing(request: ModelRequest): ReadonlySet<MissingCapability> {
    const known = this.#target.missing(request);
    return this.#refused.size === 0 ? known : new Set([...known, ...this.#refused]);
  }

  // The request without them was answered, so their refusal was meant, and concerns everybody; unless a client may have put the words
  // into the server's mouth.
  #learn(): void {
    const asked = this.#request;
    if (asked.kind === 'load') return;
    for (const missing of this.#refused) if (!this.#target.quotes(missing, asked)) this.#target.learn(missing);
    this.#refused.clear();
  }

  // Not before the caller has stored this object.
  #emitSoon(event: ServerEvent): void {
    queueMicrotask(() => {
      if (!this.#cancelled) this.#listener.onEvents([event]);
    });
  }

  #isReportedFirst({ params }: ModelRequest): boolean {
    return this.#target.growsFirst && params.truncate === 'default';
  }

  // Whether the request can be sent again with less.
  #canReduce(failure: ServerFailure): boolean {
    const missing = this.#sent === undefined ? undefined : missingCapabilityIn(failure, this.#sent);
    if (missing !== undefined && !this.#refused.has(missing)) {
      this.#refused.add(missing);
      return true;
    }
    if (this.#target.truncates && this.#request.kind !== 'load' && !this.#isReportedFirst(this.#request)) {
      const cut = truncated(this.#request, failure);
      if (cut !== undefined) {
        this.#request = cut;
        this.#listener.onTruncated();
        return true;
      }
    }
    const free = this.#target.strict || this.#request.kind === 'load' ? undefined : unforced(this.#request, failure);
    if (free === undefined) return false;
    this.#request = free;
    // With a grammar of the answer alone, no tool can be called.
    this.#listener.onIgnoredParam(free.kind === 'chat' && free.params.mustCall ? 'tool_choice' : 'tools');
    return true;
  }

  // JSON.stringify may fail on a deeper stack than the first time; the response is complete anyway.
  #completeUsage(request: ModelRequest, end: Extract<ServerEvent, { kind: 'end' }>): Usage {
    try {
      return this.#target.settle({ request, length: this.bytes, end });
    } catch {
      return end.usage;
    }
  }

  #onEvents(events: readonly ServerEvent[], request: ModelRequest): void {
    if (ignoresDimensions(request, events)) {
      if (this.#target.strict) {
        this.cancel();
        this.#listener.onEvents([{ kind: 'failure', failure: DIMENSIONS_NOT_SUPPORTED }]);
        return;
      }
      this.#listener.onIgnoredParam('dimensions');
    }
    const first = events[0];
    const last = events.at(-1);
    for (const event of events) this.#tokens += tokensIn(event);
    if (first?.kind === 'failure' && this.#canReduce(first.failure)) this.#sendLater();
    else if (last?.kind === 'end') {
      if (this.#refused.size > 0) this.#learn();
      this.#listener.onEvents([...events.slice(0, -1), { ...last, usage: this.#completeUsage(request, last) }]);
    } else this.#listener.onEvents(events);
  }
}
