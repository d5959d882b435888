import type { Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import type { Visit } from '../request-context.ts';
import type { FailedLoad } from '../scheduler/scheduler.ts';
import type { Failure, ReplyWriter, ServerEvent, ServerFailure, Share, Usage } from '../exchange.ts';
import { OUR_FAULT, turnedAway } from './failures.ts';
import type { Assignment, Ending, Refusal } from '../route/event.ts';
import type { Flight } from '../route/fleet.ts';
import type { Service } from '../service.ts';
import { StandIns } from './fallbacks.ts';
import type { Sending } from '../upstream/sending.ts';
import { noteAttempt } from '../usage/account.ts';
import { seenOf } from './observation.ts';

const ENDINGS: Readonly<Record<ServerFailure['fault'], Ending>> = {
  request: 'refused',
  busy: 'busy',
  deployment: 'deployment-failed',
  backend: 'backend-failed',
};

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
  #tried: string[] = [];
  #group: ModelGroup;
  #standIns: StandIns | undefined;
  #sentMs = 0;
  #firstMs: number | undefined;
  #attempts = 0;
  #sinceMs: number | undefined;
  /** Where it waits; `undefined` while it does not. */
  #waiting: string | undefined;
  /** The place that it has. */
  #flight: Flight | undefined;
  #loadedMs = 0;
  #begun = false;
  #deployment: Deployment | undefined;
  #sending: Sending | undefined;
  #writer: ReplyWriter;
  #lastFailure: ServerFailure | undefined;
  #spoken = false;
  #over = false;

  constructor(errand: Errand, listener: RelayListener) {
    this.#errand = errand;
    this.#listener = listener;
    this.#group = errand.group;
    this.#writer = errand.share.writer();
  }

  /** Asks for a place, and goes on from there until the answer is whole. */
  start(): void {
    const { service, share } = this.#errand;
    const group = this.#group;
    this.#sinceMs ??= performance.now();
    const wish = {
      line: group.name,
      places: group.deployments.map(({ id }) => id),
      tried: this.#tried,
      again: this.#attempts > 0,
      sinceMs: this.#sinceMs,
      mostWaitMs: service.config.queue.mostWaitMs || Number.POSITIVE_INFINITY,
      untilMs: this.#errand.visit.startedMs + service.upstream.longestMs(share, group.deployments),
      loadedMs: this.#loadedMs,
    };
    const ticket = service.desk.ask(wish, (fate, failed) => {
      this.#waiting = undefined;
      this.#decided(fate, failed);
    });
    // Where it was answered at once it may wait again by now, with a ticket of then.
    if (ticket !== undefined) this.#waiting = ticket;
  }

  /** Nobody wants the answer any more: the server is told at once. What has been answered is left to end by itself, so that its connection serves again. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#waiting !== undefined) this.#errand.service.desk.leave(this.#waiting);
    this.#sending?.cancel();
    this.#release('cancelled');
  }

  #decided(fate: Assignment | Refusal, failed: FailedLoad | undefined): void {
    const { service, visit, share } = this.#errand;
    const group = this.#group;
    const nowMs = performance.now();
    const { account } = visit;
    this.#loadedMs = Math.max(this.#loadedMs, fate.loadMs);
    account.loadMs = this.#loadedMs;
    account.queueMs = Math.max(0, nowMs - (this.#sinceMs ?? nowMs) - this.#loadedMs);
    if (fate.kind === 'refuse') {
      const one =
        this.#lastFailure === undefined && fate.why === 'nobody'
          ? group.deployments.find(({ id }) => id === failed?.place)
          : undefined;
      if (one !== undefined) account.backend = one.writtenUrl;
      this.#giveUp(turnedAway(group.name, fate, this.#lastFailure ?? failed?.failure));
      return;
    }
    const deployment = group.deployments.find(({ id }) => id === fate.flight.place.id);
    if (this.#over || deployment === undefined) {
      service.desk.release(fate.flight, 'cancelled');
      return;
    }
    this.#flight = fate.flight;
    this.#attempts += 1;
    this.#begun = false;
    this.#sending = undefined;
    this.#deployment = deployment;
    noteAttempt(
      account,
      deployment,
      nowMs - visit.startedMs,
      group === this.#errand.group ? fate.reason : `fallback/${fate.reason}`,
    );
    this.#sentMs = nowMs;
    this.#firstMs = undefined;
    const onEvents = (events: readonly ServerEvent[]): void => {
      this.#heard(events);
    };
    const onUnmet = (parameter: string): void => {
      account.unmet.add(parameter);
    };
    try {
      this.#sending = service.upstream.send(share, deployment, performance.now() - visit.startedMs, {
        onEvents,
        onUnmet,
      });
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
      this.#begin();
    }
    this.#say(text);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { service, visit } = this.#errand;
    const nowMs = performance.now();
    this.#firstMs = nowMs - this.#sentMs;
    visit.account.firstMs ??= nowMs - visit.startedMs;
    if (this.#flight !== undefined) service.desk.started(this.#flight);
  }

  #say(text: string): void {
    if (text === '') return;
    this.#spoken = true;
    this.#listener.onText(text);
  }

  #answered(text: string, { usage }: Extract<ServerEvent, { kind: 'end' }>): void {
    this.#over = true;
    this.#release('answered', usage);
    this.#listener.onEnd(text, usage);
  }

  #failed(failure: ServerFailure): void {
    const { service, visit } = this.#errand;
    const place = this.#deployment?.id;
    this.#release(ENDINGS[failure.fault]);
    visit.account.failure = failure.code ?? failure.kind;
    this.#lastFailure = failure;
    // A late answer may still be computed there, and a request that is at fault fails everywhere.
    const again =
      !this.#spoken &&
      failure.fault !== 'request' &&
      failure.kind !== 'timeout' &&
      this.#attempts <= service.config.routing.retries;
    if (place === undefined || !again) {
      this.#giveUp(failure);
      return;
    }
    // A server that says itself that it is loading is asked again; it will have the model soon.
    if (failure.code !== 'model_loading') this.#tried.push(place);
    this.#again();
  }

  #again(): void {
    this.#writer = this.#errand.share.writer();
    this.start();
  }

  // Its group cannot serve it: another may stand in, while the client has heard nothing.
  #giveUp(failure: Failure | ServerFailure): void {
    const { service, group } = this.#errand;
    this.#standIns ??= new StandIns(service, group);
    const next = this.#spoken || this.#over ? undefined : this.#standIns.next(failure);
    if (next === undefined) {
      this.#refuse(failure);
      return;
    }
    this.#group = next;
    this.#tried = [];
    this.#attempts = 0;
    this.#lastFailure = undefined;
    this.#again();
  }

  #refuse(failure: Failure): void {
    if (this.#over) return;
    this.#over = true;
    this.#listener.onFailure(failure);
  }

  #release(how: Ending, usage?: Usage): void {
    const flight = this.#flight;
    this.#flight = undefined;
    this.#deployment = undefined;
    if (flight !== undefined)
      this.#errand.service.desk.release(flight, how, seenOf(how, usage, this.#firstMs, this.#sending));
  }
}
