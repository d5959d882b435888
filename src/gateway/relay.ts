import type { ServerResponse } from 'node:http';
import type { Deployment, ModelGroup } from '../schema/gateway-config.ts';
import { Outlet } from './client/outlet.ts';
import { readableNames } from './client/readable-names.ts';
import type { Visit } from './client/visit.ts';
import type { ClientDialect, Failure, Order, ReplyWriter, ServerEvent, ServerFailure } from './exchange.ts';
import type { Decision, Ending } from './route/event.ts';
import type { Service } from './service.ts';
import type { Attempt } from './upstream/attempt.ts';

const ENDINGS: Readonly<Record<ServerFailure['fault'], Ending>> = { request: 'refused', busy: 'refused', deployment: 'deployment-failed', backend: 'backend-failed' };

/** An order that is to be answered, and by whom it may be. */
export interface Errand {
  readonly service: Service;
  readonly visit: Visit;
  readonly outgoing: ServerResponse;
  readonly dialect: ClientDialect;
  readonly order: Order;
  readonly group: ModelGroup;
}

/** Carries one order to a server and the answer back: route → upstream → usage. While nothing of an answer has left, a failed server is replaced by another. */
export class Relay {
  readonly #errand: Errand;
  readonly #outlet: Outlet;
  readonly #tried: string[] = [];
  #deployment: Deployment | undefined;
  #attempt: Attempt | undefined;
  #writer: ReplyWriter;
  #lastFailure: ServerFailure | undefined;
  #spoken = false;
  #over = false;

  constructor(errand: Errand) {
    this.#errand = errand;
    this.#writer = errand.order.writer();
    const { outgoing, order, dialect, visit } = errand;
    const onLag = (): void => {
      visit.account.ended = 'client-too-slow';
    };
    this.#outlet = new Outlet(outgoing, { keepAlive: order.stream ? dialect.keepAlive : undefined, headers: () => this.#headers(), onLag });
    visit.cut = () => {
      this.#cut();
    };
    outgoing.once('close', () => {
      this.#leave();
    });
  }

  /** Asks for a place, and goes on from there until the client has its answer. */
  start(): void {
    const { service, group } = this.#errand;
    service.desk.ask(group.deployments.map(({ id }) => id), this.#tried, (decision) => {
      this.#decided(decision);
    });
  }

  #decided(decision: Decision): void {
    const { service, group, visit, order } = this.#errand;
    if (decision.kind === 'refuse') {
      this.#refuse(this.#lastFailure === undefined ? nobody(group.name, decision.retryAfterMs) : worstOf(this.#lastFailure, decision.retryAfterMs));
      return;
    }
    const deployment = group.deployments.find(({ id }) => id === decision.place);
    if (this.#over || deployment === undefined) {
      service.desk.release(decision.place, 'cancelled');
      return;
    }
    this.#deployment = deployment;
    const { account } = visit;
    account.attempts += 1;
    account.model = deployment.model;
    account.backend = deployment.writtenUrl;
    account.reason = decision.reason;
    const onEvents = (events: readonly ServerEvent[]): void => {
      this.#heard(events);
    };
    try {
      this.#attempt = service.upstream.send(order, deployment, performance.now() - visit.startedMs, { onEvents });
    } catch {
      // JSON can be read much deeper than it can be written.
      this.#release('cancelled');
      this.#refuse({ kind: 'invalid', code: null, message: 'The JSON body of your request is nested too deeply.' });
    }
  }

  #heard(events: readonly ServerEvent[]): void {
    try {
      this.#write(events);
    } catch {
      this.#attempt?.cancel();
      this.#release('cancelled');
      this.#refuse(OUR_FAULT);
    }
  }

  #write(events: readonly ServerEvent[]): void {
    let text = '';
    for (const event of events) {
      if (event.kind === 'failure') {
        this.#say(text);
        this.#failed(event.failure);
        return;
      }
      text += this.#writer.write(event);
      if (event.kind === 'end') {
        this.#answered(text, event);
        return;
      }
      this.#errand.visit.account.firstMs ??= performance.now() - this.#errand.visit.startedMs;
    }
    this.#say(text);
  }

  #say(text: string): void {
    if (text === '') return;
    this.#spoken = true;
    this.#outlet.write(text);
  }

  #answered(text: string, { usage }: Extract<ServerEvent, { kind: 'end' }>): void {
    const { order, visit } = this.#errand;
    this.#over = true;
    this.#release('answered');
    visit.account.usage = usage;
    if (order.stream) this.#outlet.end(text);
    else this.#outlet.whole(text);
  }

  #failed(failure: ServerFailure): void {
    const { service, visit } = this.#errand;
    const place = this.#deployment?.id;
    this.#release(ENDINGS[failure.fault]);
    visit.account.failure = failure.code ?? failure.kind;
    this.#lastFailure = failure;
    // A late answer may still be computed there, and a request that is at fault fails everywhere.
    const again = !this.#spoken && failure.fault !== 'request' && failure.kind !== 'timeout' && this.#tried.length < service.config.routing.retries;
    if (place === undefined || !again) {
      this.#refuse(failure);
      return;
    }
    this.#tried.push(place);
    this.#writer = this.#errand.order.writer();
    this.start();
  }

  #refuse(failure: Failure): void {
    if (this.#over) return;
    this.#over = true;
    const { dialect, visit } = this.#errand;
    visit.account.failure ??= failure.code ?? failure.kind;
    visit.account.ended = this.#spoken ? 'cut' : failure.kind === 'invalid' || failure.kind === 'overloaded' ? 'refused' : 'failed';
    if (this.#outlet.begun) this.#outlet.end(dialect.frame(failure));
    else this.#outlet.refuse(dialect.refusal(failure), this.#headers());
  }

  #cut(): void {
    if (this.#over) return;
    this.#attempt?.cancel();
    this.#release('cancelled');
    this.#refuse(STOPPING);
  }

  // The client is gone, or has all of its answer.
  #leave(): void {
    this.#outlet.close();
    // What has been answered is left to end by itself, so that its connection serves again.
    if (this.#over) return;
    this.#over = true;
    this.#attempt?.cancel();
    this.#release('cancelled');
  }

  #release(how: Ending): void {
    const place = this.#deployment?.id;
    this.#deployment = undefined;
    if (place !== undefined) this.#errand.service.desk.release(place, how);
  }

  #headers(): Readonly<Record<string, string>> {
    const { order, visit } = this.#errand;
    const { backend, reason } = visit.account;
    const { ignored } = order.asks.request;
    return {
      'openai-processing-ms': String(Math.round(performance.now() - visit.startedMs)),
      ...(backend === undefined ? {} : { 'x-hxllm-backend': backend }),
      ...(reason === undefined ? {} : { 'x-hxllm-route': reason }),
      ...(ignored.length === 0 ? {} : { 'x-hxllm-ignored-params': readableNames(ignored) }),
    };
  }
}

const STOPPING: Failure = { kind: 'overloaded', code: 'stopping', message: 'The server is being stopped and could not wait for the end of this answer.', retryAfterMs: 1000 };

const OUR_FAULT: Failure = { kind: 'internal', code: null, message: 'The server had an error while processing your request.' };

function nobody(model: string, retryAfterMs: number): Failure {
  return { kind: 'overloaded', code: 'no_backend', message: `No backend that serves ${model} is up at the moment.`, retryAfterMs };
}

// Everybody who could have answered has failed: come again when one of them is back.
function worstOf(last: ServerFailure, retryAfterMs: number): Failure {
  return last.fault === 'backend' ? { ...last, kind: 'overloaded', retryAfterMs } : last;
}
