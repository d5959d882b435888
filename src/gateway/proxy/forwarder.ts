import type { Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import type { RequestContext } from '../request-context.ts';
import type { FailedLoad } from '../scheduler/scheduler.ts';
import type { Failure, ResponseEncoder, ServerEvent, ServerFailure, Subrequest, Usage } from '../exchange.ts';
import { INTERNAL_ERROR, rejectionFailure } from './failures.ts';
import type { Assignment, AttemptResult, Rejection } from '../route/event.ts';
import type { Lease } from '../route/fleet.ts';
import type { Service } from '../service.ts';
import { Fallbacks } from './fallbacks.ts';
import type { UpstreamRequest } from '../upstream/upstream-request.ts';
import { recordAttempt } from '../usage/account.ts';
import { observationOf } from './observation.ts';

const ENDINGS: Readonly<Record<ServerFailure['fault'], AttemptResult>> = {
  request: 'refused',
  busy: 'busy',
  deployment: 'deployment-failed',
  backend: 'backend-failed',
};

/** A share of an order that is to be answered, and by whom it may be. */
export interface Errand {
  readonly service: Service;
  readonly context: RequestContext;
  readonly subrequest: Subrequest;
  readonly group: ModelGroup;
}

/** Who is told what becomes of an errand; nothing follows an end or a failure. */
export interface ForwarderListener {
  /** A piece of the answer, never empty. */
  onText(text: string): void;
  onEnd(text: string, usage: Usage): void;
  onFailure(failure: Failure): void;
}

/** Carries one share to a server and the answer back: route → upstream → usage. While nothing of an answer has left, a failed server is replaced by another. */
export class Forwarder {
  readonly #errand: Errand;
  readonly #listener: ForwarderListener;
  #tried: string[] = [];
  #group: ModelGroup;
  #fallbacks: Fallbacks | undefined;
  #sentMs = 0;
  #firstMs: number | undefined;
  #attempts = 0;
  #sinceMs: number | undefined;
  /** Where it waits; `undefined` while it does not. */
  #ticket: string | undefined;
  /** The place that it has. */
  #lease: Lease | undefined;
  #loadedMs = 0;
  #started = false;
  #deployment: Deployment | undefined;
  #upstreamRequest: UpstreamRequest | undefined;
  #encoder: ResponseEncoder;
  #lastFailure: ServerFailure | undefined;
  #streaming = false;
  #done = false;

  constructor(errand: Errand, listener: ForwarderListener) {
    this.#errand = errand;
    this.#listener = listener;
    this.#group = errand.group;
    this.#encoder = errand.subrequest.encoder();
  }

  /** Asks for a place, and goes on from there until the answer is whole. */
  start(): void {
    const { service, subrequest } = this.#errand;
    const group = this.#group;
    this.#sinceMs ??= performance.now();
    const slotRequest = {
      queue: group.name,
      deployments: group.deployments.map(({ id }) => id),
      tried: this.#tried,
      isRetry: this.#attempts > 0,
      sinceMs: this.#sinceMs,
      maxWaitMs: service.config.queue.mostWaitMs || Number.POSITIVE_INFINITY,
      untilMs: this.#errand.context.startedMs + service.upstream.longestMs(subrequest, group.deployments),
      loadedMs: this.#loadedMs,
    };
    const ticket = service.scheduler.acquire(slotRequest, (decision, failed) => {
      this.#ticket = undefined;
      this.#onDecision(decision, failed);
    });
    // Where it was answered at once it may wait again by now, with a ticket of then.
    if (ticket !== undefined) this.#ticket = ticket;
  }

  /** Nobody wants the answer any more: the server is told at once. What has been answered is left to end by itself, so that its connection serves again. */
  cancel(): void {
    if (this.#done) return;
    this.#done = true;
    if (this.#ticket !== undefined) this.#errand.service.scheduler.cancel(this.#ticket);
    this.#upstreamRequest?.cancel();
    this.#releaseLease('cancelled');
  }

  #onDecision(decision: Assignment | Rejection, failed: FailedLoad | undefined): void {
    const { service, context, subrequest } = this.#errand;
    const group = this.#group;
    const nowMs = performance.now();
    const { record } = context;
    this.#loadedMs = Math.max(this.#loadedMs, decision.loadMs);
    record.loadMs = this.#loadedMs;
    record.queueMs = Math.max(0, nowMs - (this.#sinceMs ?? nowMs) - this.#loadedMs);
    if (decision.kind === 'reject') {
      const one =
        this.#lastFailure === undefined && decision.reason === 'no-backend'
          ? group.deployments.find(({ id }) => id === failed?.place)
          : undefined;
      if (one !== undefined) record.backend = one.writtenUrl;
      this.#fallBack(rejectionFailure(group.name, decision, this.#lastFailure ?? failed?.failure));
      return;
    }
    const deployment = group.deployments.find(({ id }) => id === decision.lease.deployment.id);
    if (this.#done || deployment === undefined) {
      service.scheduler.release(decision.lease, 'cancelled');
      return;
    }
    this.#lease = decision.lease;
    this.#attempts += 1;
    this.#started = false;
    this.#upstreamRequest = undefined;
    this.#deployment = deployment;
    recordAttempt(
      record,
      deployment,
      nowMs - context.startedMs,
      group === this.#errand.group ? decision.reason : `fallback/${decision.reason}`,
    );
    this.#sentMs = nowMs;
    this.#firstMs = undefined;
    const onEvents = (events: readonly ServerEvent[]): void => {
      this.#onEvents(events);
    };
    const onIgnoredParam = (parameter: string): void => {
      record.ignoredParams.add(parameter);
    };
    try {
      this.#upstreamRequest = service.upstream.send(subrequest, deployment, performance.now() - context.startedMs, {
        onEvents,
        onIgnoredParam,
      });
    } catch {
      // JSON can be read much deeper than it can be written.
      this.#releaseLease('cancelled');
      this.#fail({ kind: 'invalid', code: null, message: 'The JSON body of your request is nested too deeply.' });
    }
  }

  #onEvents(events: readonly ServerEvent[]): void {
    try {
      this.#write(events);
    } catch {
      this.#upstreamRequest?.cancel();
      this.#releaseLease('cancelled');
      this.#fail(INTERNAL_ERROR);
    }
  }

  #write(events: readonly ServerEvent[]): void {
    let text = '';
    for (const event of events) {
      if (event.kind === 'failure') {
        this.#emit(text);
        this.#onFailure(event.failure);
        return;
      }
      text += this.#encoder.encode(event);
      if (event.kind === 'end') {
        this.#succeed(text, event);
        return;
      }
      this.#onFirstEvent();
    }
    this.#emit(text);
  }

  #onFirstEvent(): void {
    if (this.#started) return;
    this.#started = true;
    const { service, context } = this.#errand;
    const nowMs = performance.now();
    this.#firstMs = nowMs - this.#sentMs;
    context.record.firstMs ??= nowMs - context.startedMs;
    if (this.#lease !== undefined) service.scheduler.started(this.#lease);
  }

  #emit(text: string): void {
    if (text === '') return;
    this.#streaming = true;
    this.#listener.onText(text);
  }

  #succeed(text: string, { usage }: Extract<ServerEvent, { kind: 'end' }>): void {
    this.#done = true;
    this.#releaseLease('answered', usage);
    this.#listener.onEnd(text, usage);
  }

  #onFailure(failure: ServerFailure): void {
    const { service, context } = this.#errand;
    const place = this.#deployment?.id;
    this.#releaseLease(ENDINGS[failure.fault]);
    context.record.failure = failure.code ?? failure.kind;
    this.#lastFailure = failure;
    // A late answer may still be computed there, and a request that is at fault fails everywhere.
    const again =
      !this.#streaming &&
      failure.fault !== 'request' &&
      failure.kind !== 'timeout' &&
      this.#attempts <= service.config.routing.retries;
    if (place === undefined || !again) {
      this.#fallBack(failure);
      return;
    }
    // A server that says itself that it is loading is asked again; it will have the model soon.
    if (failure.code !== 'model_loading') this.#tried.push(place);
    this.#retry();
  }

  #retry(): void {
    this.#encoder = this.#errand.subrequest.encoder();
    this.start();
  }

  // Its group cannot serve it: another may stand in, while the client has heard nothing.
  #fallBack(failure: Failure | ServerFailure): void {
    const { service, group } = this.#errand;
    this.#fallbacks ??= new Fallbacks(service, group);
    const next = this.#streaming || this.#done ? undefined : this.#fallbacks.next(failure);
    if (next === undefined) {
      this.#fail(failure);
      return;
    }
    this.#group = next;
    this.#tried = [];
    this.#attempts = 0;
    this.#lastFailure = undefined;
    this.#retry();
  }

  #fail(failure: Failure): void {
    if (this.#done) return;
    this.#done = true;
    this.#listener.onFailure(failure);
  }

  #releaseLease(how: AttemptResult, usage?: Usage): void {
    const lease = this.#lease;
    this.#lease = undefined;
    this.#deployment = undefined;
    if (lease !== undefined)
      this.#errand.service.scheduler.release(
        lease,
        how,
        observationOf(how, usage, this.#firstMs, this.#upstreamRequest),
      );
  }
}
