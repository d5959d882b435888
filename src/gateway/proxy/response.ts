import type { ServerResponse } from 'node:http';
import type { ModelGroup } from '../../schema/gateway-config.ts';
import { Outlet } from '../http/response-writer.ts';
import { readableNames } from '../http/header-value.ts';
import type { Visit } from '../request-context.ts';
import type { ClientDialect, Failure, Order, Usage } from '../exchange.ts';
import { OUR_FAULT } from './failures.ts';
import { Relay } from './forwarder.ts';
import { replicaId } from '../route/replica.ts';
import { isReady, wantedRunner } from '../route/residence.ts';
import type { Service } from '../service.ts';
import { serverTiming } from '../usage/server-timing.ts';
import { sumOf } from '../usage/total.ts';

/** How many shares of one order are served at a time; the others wait for one of these to end. */
const MOST_AT_ONCE = 8;

/** An order, and the client who waits for its answer. */
export interface Commission {
  readonly service: Service;
  readonly visit: Visit;
  readonly outgoing: ServerResponse;
  readonly dialect: ClientDialect;
  readonly order: Order;
  readonly group: ModelGroup;
}

/** One reply to one client: lets each share of the order be served, sends on what they say as it comes, and gives all of them up when one fails or the client leaves. */
export class Reply {
  readonly #commission: Commission;
  readonly #outlet: Outlet;
  readonly #relays: readonly Relay[];
  readonly #usages: (Usage | undefined)[];
  #started = 0;
  #owed: number;
  #spoken = false;
  #over = false;

  constructor(commission: Commission) {
    this.#commission = commission;
    const { service, outgoing, order, dialect, visit, group } = commission;
    const onLag = (): void => {
      visit.account.ended = 'client-too-slow';
    };
    this.#outlet = new Outlet(outgoing, {
      streamType: dialect.streamType,
      keepAlive: order.stream ? (order.keepAlive ?? dialect.keepAlive) : undefined,
      headers: () => this.#headers(),
      onLag,
    });
    this.#owed = order.shares.length;
    this.#usages = order.shares.map(() => undefined);
    const onText = (text: string): void => {
      this.#say(text);
    };
    const onFailure = (failure: Failure): void => {
      this.#refuse(failure);
    };
    this.#relays = order.shares.map(
      (share, index) =>
        new Relay(
          { service, visit, share, group },
          {
            onText,
            onFailure,
            onEnd: (text, usage) => {
              this.#ended(index, text, usage);
            },
          },
        ),
    );
    const cut = (): void => {
      this.#refuse(STOPPING);
    };
    // V8 puts a function that is written right behind `property =` among what is old, where it keeps its whole request from the quick collections.
    visit.cut = cut;
    outgoing.once('close', () => {
      this.#leave();
    });
  }

  /** Goes on until the client has its answer. */
  start(): void {
    if (isLoaded(this.#commission)) this.#close('');
    while (this.#started < Math.min(MOST_AT_ONCE, this.#relays.length) && !this.#over) this.#next();
  }

  #next(): void {
    const relay = this.#relays[this.#started];
    this.#started += 1;
    relay?.start();
  }

  #say(text: string): void {
    if (this.#over) return;
    this.#spoken = true;
    this.#outlet.write(text);
  }

  #ended(index: number, text: string, usage: Usage): void {
    if (this.#over) return;
    this.#usages[index] = usage;
    this.#owed -= 1;
    if (this.#owed === 0) this.#close(text);
    else {
      if (text !== '') this.#say(text);
      this.#next();
    }
  }

  #close(text: string): void {
    const { order, visit } = this.#commission;
    const usages = this.#usages.filter((usage) => usage !== undefined);
    let rest: string;
    try {
      rest = order.close(usages);
    } catch {
      this.#refuse(OUR_FAULT);
      return;
    }
    this.#over = true;
    visit.account.usage = sumOf(usages);
    if (order.stream) this.#outlet.end(text + rest);
    else this.#outlet.whole(rest);
  }

  #refuse(failure: Failure): void {
    if (this.#over) return;
    this.#over = true;
    for (const relay of this.#relays) relay.cancel();
    const { dialect, order, visit } = this.#commission;
    visit.account.failure ??= failure.code ?? failure.kind;
    visit.account.ended = this.#spoken
      ? 'cut'
      : failure.kind === 'invalid' || failure.kind === 'overloaded' || failure.kind === 'limited'
        ? 'refused'
        : 'failed';
    if (this.#outlet.begun) this.#outlet.end(order.frame?.(failure) ?? dialect.frame(failure, visit.id));
    else this.#outlet.refuse(dialect.refusal(failure, visit.id), this.#headers());
  }

  // The client is gone, or has all of its answer.
  #leave(): void {
    this.#outlet.close();
    this.#over = true;
    for (const relay of this.#relays) relay.cancel();
  }

  #headers(): Readonly<Record<string, string>> {
    const { visit } = this.#commission;
    const { backend, reason, unmet } = visit.account;
    const timing = serverTiming(visit.account);
    return {
      'openai-processing-ms': String(Math.round(performance.now() - visit.startedMs)),
      ...(timing === undefined ? {} : { 'server-timing': timing }),
      ...(backend === undefined ? {} : { 'x-hxllm-backend': backend }),
      ...(reason === undefined ? {} : { 'x-hxllm-route': reason }),
      ...(visit.account.usage?.estimated === true ? { 'x-hxllm-estimated': 'true' } : {}),
      ...(unmet.size === 0 ? {} : { 'x-hxllm-ignored-params': readableNames([...unmet]) }),
    };
  }
}

// Whoever only wants a model to be in memory waits for no place of one that is.
function isLoaded({ order: { shares }, group: { deployments }, service: { desk } }: Commission): boolean {
  if (!shares.every(({ asks }) => asks.kind === 'load')) return false;
  return deployments.some(({ url, model, options }) => {
    const residence = desk.fleet.replicas.get(replicaId(url, model))?.residence;
    return residence?.state === 'resident' && isReady(residence, wantedRunner(options));
  });
}

const STOPPING: Failure = {
  kind: 'overloaded',
  code: 'stopping',
  message: 'The server is being stopped and could not wait for the end of this answer.',
  retryAfterMs: 1000,
};
