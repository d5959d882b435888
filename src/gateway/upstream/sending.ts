import type { Ask, Load, ServerEvent, ServerFailure, Usage } from '../exchange.ts';
import type { Attempt, AttemptListener } from './attempt.ts';
import type { Settled } from './counting.ts';
import { fit, lackIn, unforced, type Lack } from './fitting.ts';

/** Who is told what becomes of a request to a server. */
export interface SendingListener extends AttemptListener {
  /** A parameter was left out, since the model cannot honour it. */
  onUnmet(parameter: string): void;
}

/** What a sending needs to know of its server. */
export interface Recipient {
  readonly strict: boolean;
  lacks(asks: Ask | Load): ReadonlySet<Lack>;
  learn(lack: Lack): void;
  /** Parameters that cannot be said to it, or not all of them, where that is no reason to refuse. */
  unsaid(asks: Ask): readonly string[];
  /** Asks the server what its model can do; `undefined` where that is known, or the request does not need it. */
  look(asks: Ask): Promise<void> | undefined;
  dispatch(asks: Ask, listener: AttemptListener): Attempt;
  /** What the answer cost. */
  settle(settled: Settled): Usage;
}

/** One request to one server, sent as far as its model can do it: what it refuses to try is left out, and it is asked again. */
export class Sending {
  #asks: Ask | Load;
  readonly #recipient: Recipient;
  readonly #listener: SendingListener;
  #attempt: Attempt | undefined;
  #told: readonly string[] = [];
  /** What its own refusals have said. */
  readonly #refused = new Set<Lack>();
  #cancelled = false;

  constructor(asks: Ask | Load, recipient: Recipient, listener: SendingListener) {
    this.#asks = asks;
    this.#recipient = recipient;
    this.#listener = listener;
  }

  /** How long the request was that was sent last. */
  get bytes(): number {
    return this.#attempt?.bytes ?? 0;
  }

  /** Whether we broke off what was sent. */
  get brokenOff(): boolean {
    return this.#attempt?.brokenOff === true;
  }

  /** Sends; throws where the request cannot be written as JSON. */
  start(): void {
    if (this.#asks.kind === 'load') {
      // Whoever has a place finds the model in memory: there is nothing to send.
      this.#tellSoon({ kind: 'end', reason: 'stop', usage: { promptTokens: 0, completionTokens: 0 } });
      return;
    }
    const looking = this.#recipient.look(this.#asks);
    if (looking === undefined) this.#send();
    else
      void looking.then(() => {
        this.#sendLater();
      });
  }

  /** Breaks the connection off, which is how a server learns that nobody waits any more. */
  cancel(): void {
    this.#cancelled = true;
    this.#attempt?.cancel();
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
    const fitted = fit(this.#asks, this.#recipient.lacks(this.#asks), this.#recipient.strict);
    if (!('asks' in fitted)) {
      this.#tellSoon({ kind: 'failure', failure: fitted });
      return;
    }
    const unmet = [...fitted.unmet, ...this.#recipient.unsaid(fitted.asks)];
    for (const parameter of unmet) if (!this.#told.includes(parameter)) this.#listener.onUnmet(parameter);
    this.#told = unmet;
    this.#attempt = this.#recipient.dispatch(fitted.asks, {
      onEvents: (events) => {
        this.#heard(events, fitted.asks);
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
    const lack = lackIn(failure);
    // Others may have learned the same while it was under way.
    if (lack !== undefined && !this.#refused.has(lack)) {
      this.#refused.add(lack);
      this.#recipient.learn(lack);
      return true;
    }
    const free = this.#recipient.strict || this.#asks.kind === 'load' ? undefined : unforced(this.#asks, failure);
    if (free === undefined) return false;
    this.#asks = free;
    this.#listener.onUnmet('tool_choice');
    return true;
  }

  // What could just be written as JSON here may not be where the stack is deeper, and the answer is whole all the same.
  #settled(asks: Ask, end: Extract<ServerEvent, { kind: 'end' }>): Usage {
    try {
      return this.#recipient.settle({ asks, length: this.bytes, end });
    } catch {
      return end.usage;
    }
  }

  #heard(events: readonly ServerEvent[], asks: Ask): void {
    const [first] = events;
    const last = events.at(-1);
    if (first?.kind === 'failure' && this.#asksForLess(first.failure)) this.#sendLater();
    else if (last?.kind === 'end')
      this.#listener.onEvents([...events.slice(0, -1), { ...last, usage: this.#settled(asks, last) }]);
    else this.#listener.onEvents(events);
  }
}
