import type { Deployment, ModelGroup } from '../schema/gateway-config.ts';
import type { Visit } from './client/visit.ts';
import type { Failure, ReplyWriter, ServerEvent, ServerFailure, Share, Usage } from './exchange.ts';
import type { Decision, Ending } from './route/event.ts';
import type { Service } from './service.ts';
import type { Sending } from './upstream/sending.ts';

const ENDINGS: Readonly<Record<ServerFailure['fault'], Ending>> = { request: 'refused', busy: 'refused', deployment: 'deployment-failed', backend: 'backend-failed' };

/** A share of an order that is to be answered, and by whom it may be. */
export interface Errand {
  readonly service: Service;
  readonly visit: Visit;
  readonly share: Share;
  readonly group: ModelGroup;
}

/** Who is told what becomes of an errand; nothing follows an end or a failure. */
export interface RelayListener {
  /** A piece of the answer, never empty. */
  onText(text: string): void;
  onEnd(text: string, usage: Usage): void;
  onFailure(failure: Failure): void;
}

/** Carries one share to a server and the answer back: route → upstream → usage. While nothing of an answer has left, a failed server is replaced by another. */
export class Relay {
  readonly #errand: Errand;
  readonly #listener: RelayListener;
  readonly #tried: string[] = [];
  #deployment: Deployment | undefined;
  #sending: Sending | undefined;
  #writer: ReplyWriter;
  #lastFailure: ServerFailure | undefined;
  #spoken = false;
  #over = false;

  constructor(errand: Errand, listener: RelayListener) {
    this.#errand = errand;
    this.#listener = listener;
    this.#writer = errand.share.writer();
  }

  /** Asks for a place, and goes on from there until the answer is whole. */
  start(): void {
    const { service, group, visit: { account } } = this.#errand;
    const askedMs = performance.now();
    service.desk.ask(group.deployments.map(({ id }) => id), this.#tried, (decision) => {
      account.queueMs = (account.queueMs ?? 0) + performance.now() - askedMs;
      this.#decided(decision);
    });
  }

  /** Nobody wants the answer any more: the server is told at once. What has been answered is left to end by itself, so that its connection serves again. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#sending?.cancel();
    this.#release('cancelled');
  }

  #decided(decision: Decision): void {
    const { service, group, visit, share } = this.#errand;
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
    account.server = deployment.url;
    account.reason = decision.reason;
    const onEvents = (events: readonly ServerEvent[]): void => {
      this.#heard(events);
    };
    const onUnmet = (parameter: string): void => {
      account.unmet.add(parameter);
    };
    try {
      this.#sending = service.upstream.send(share, deployment, performance.now() - visit.startedMs, { onEvents, onUnmet });
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
      this.#sending?.cancel();
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
    this.#listener.onText(text);
  }

  #answered(text: string, { usage }: Extract<ServerEvent, { kind: 'end' }>): void {
    this.#over = true;
    this.#release('answered');
    this.#listener.onEnd(text, usage);
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
    this.#writer = this.#errand.share.writer();
    this.start();
  }

  #refuse(failure: Failure): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.onFailure(failure);
  }

  #release(how: Ending): void {
    const place = this.#deployment?.id;
    this.#deployment = undefined;
    if (place !== undefined) this.#errand.service.desk.release(place, how);
  }
}

/** What it means that we made a mistake. */
export const OUR_FAULT: Failure = { kind: 'internal', code: null, message: 'The server had an error while processing your request.' };

function nobody(model: string, retryAfterMs: number): Failure {
  return { kind: 'overloaded', code: 'no_backend', message: `No backend that serves ${model} is up at the moment.`, retryAfterMs };
}

// Everybody who could have answered has failed: come again when one of them is back.
function worstOf(last: ServerFailure, retryAfterMs: number): Failure {
  return last.fault === 'backend' ? { ...last, kind: 'overloaded', retryAfterMs } : last;
}
