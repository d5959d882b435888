import type { Deployment, ModelGroup } from '../schema/gateway-config.ts';
import type { Visit } from './client/visit.ts';
import type { FailedLoad } from './desk.ts';
import type { Failure, ReplyWriter, ServerEvent, ServerFailure, Share, Usage } from './exchange.ts';
import type { Assignment, Ending, Refusal, Seen } from './route/event.ts';
import type { Flight } from './route/fleet.ts';
import type { Service } from './service.ts';
import type { Sending } from './upstream/sending.ts';

const ENDINGS: Readonly<Record<ServerFailure['fault'], Ending>> = { request: 'refused', busy: 'busy', deployment: 'deployment-failed', backend: 'backend-failed' };

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
    this.#writer = errand.share.writer();
  }

  /** Asks for a place, and goes on from there until the answer is whole. */
  start(): void {
    const { service, group, share } = this.#errand;
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
    this.#waiting = service.desk.ask(wish, (fate, failed) => {
      this.#waiting = undefined;
      this.#decided(fate, failed);
    });
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
    const { service, group, visit, share } = this.#errand;
    const nowMs = performance.now();
    const { account } = visit;
    this.#loadedMs = Math.max(this.#loadedMs, fate.loadMs);
    account.loadMs = this.#loadedMs;
    account.queueMs = Math.max(0, nowMs - (this.#sinceMs ?? nowMs) - this.#loadedMs);
    if (fate.kind === 'refuse') {
      const one = this.#lastFailure === undefined && fate.why === 'nobody' ? group.deployments.find(({ id }) => id === failed?.place) : undefined;
      if (one !== undefined) account.backend = one.writtenUrl;
      this.#refuse(turnedAway(group.name, fate, this.#lastFailure ?? failed?.failure));
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
    account.attempts += 1;
    account.askedMs = nowMs - visit.startedMs;
    account.model = deployment.model;
    account.backend = deployment.writtenUrl;
    account.server = deployment.url;
    account.reason = fate.reason;
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
      this.#begin();
    }
    this.#say(text);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    const { service, visit } = this.#errand;
    visit.account.firstMs ??= performance.now() - visit.startedMs;
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
    const again = !this.#spoken && failure.fault !== 'request' && failure.kind !== 'timeout' && this.#attempts <= service.config.routing.retries;
    if (place === undefined || !again) {
      this.#refuse(failure);
      return;
    }
    // A server that says itself that it is loading is asked again; it will have the model soon.
    if (failure.code !== 'model_loading') this.#tried.push(place);
    this.#writer = this.#errand.share.writer();
    this.start();
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
    if (flight !== undefined) this.#errand.service.desk.release(flight, how, this.#seen(how, usage));
  }

  #seen(how: Ending, usage: Usage | undefined): Seen {
    const { totalMs = 0, loadMs = 0, prefillMs = 0, decodeMs = 0 } = usage ?? {};
    const known = totalMs > 0 && prefillMs > 0;
    // Whoever breaks off, we or the deadline: the server does not notice before it has read the prompt.
    const abandoned = how !== 'answered' && this.#sending?.brokenOff === true;
    return { promptBytes: this.#sending?.bytes ?? 0, abandoned, prefillMs: known ? prefillMs : undefined, insideMs: known ? Math.max(0, totalMs - loadMs - prefillMs - decodeMs) : undefined };
  }
}

/** What it means that we made a mistake. */
export const OUR_FAULT: Failure = { kind: 'internal', code: null, message: 'The server had an error while processing your request.' };

function nobody(model: string, retryAfterMs: number): Failure {
  return { kind: 'overloaded', code: 'no_backend', message: `No backend that serves ${model} is up at the moment.`, retryAfterMs };
}

// A retry by itself within that adds to a crowd that will be there still.
const SOON_MS = 20_000;

function turnedAway(model: string, { why, retryAfterMs }: Refusal, failure: ServerFailure | undefined): Failure {
  if (why === 'nobody') return failure === undefined ? nobody(model, retryAfterMs) : worstOf(failure, retryAfterMs);
  const said = why === 'full' ? { code: 'queue_full', message: `Too many requests wait for ${model} at the moment.` } : { code: 'queue_too_long', message: `No place for ${model} came free in time, or none would.` };
  return { kind: 'overloaded', ...said, retryAfterMs, shouldRetry: retryAfterMs <= SOON_MS };
}

// Everybody who could have answered has failed: come again when one of them is back.
function worstOf(last: ServerFailure, retryAfterMs: number): Failure {
  return last.fault === 'backend' ? { ...last, kind: 'overloaded', retryAfterMs } : last;
}
