import type { Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import type { ResponseEncoder, Subrequest } from '../client-dialect.ts';
import type { Failure, ServerEvent, ServerFailure, Usage } from '../exchange.ts';
import { noteError, type RequestContext } from '../request-context.ts';
import type { Assignment, AttemptResult, Recall, Rejection } from '../route/event.ts';
import type { Lease } from '../route/fleet.ts';
import type { Work } from '../route/work.ts';
import { attemptResultOf } from '../scheduler/attempt-result.ts';
import type { FailedLoad } from '../scheduler/on-decision.ts';
import type { UpstreamRequest } from '../upstream/upstream-request.ts';
import { clientFailure } from './client-failure.ts';
import { encodeEvents } from './encode-events.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { INTERNAL_ERROR, rejectionFailure, unwritableFailure } from './failures.ts';
import { Fallbacks } from './fallbacks.ts';
import { observationOf } from './observation.ts';
import { recordAttempt, recordFailedLoad, recordFailure, recordingListener, recordPart } from './record-attempt.ts';
import { recordDecision, recordRecall } from './record-decision.ts';
import { LARGE_BYTES, ownTurn } from './own-turn.ts';
import { slotRequestOf, workOf } from './request-work.ts';
import type { ForwardPlan } from './forward-plan.ts';
import type { ForwarderListener } from './forwarder-listener.ts';

/**
 * Forwards one subrequest: acquires a slot, sends the request to the deployment that comes with it, and encodes the response.
 * Until the first byte has gone to the client, a failed attempt is repeated on another deployment, then on a fallback model.
 */
export class Forwarder {
  readonly #context: RequestContext;
  readonly #subrequest: Subrequest;
  readonly #listener: ForwarderListener;
  readonly #plan: ForwardPlan;
  readonly #fallbacks: Fallbacks;
  /** The model that is tried now: the one asked for, then its fallbacks. */
  #group: ModelGroup;
  #failed: FailedAttempts | undefined;
  #attempts = 0;
  /** Time in servers from which it was recalled before it had begun, ms. */
  #insideMs = 0;
  #lastFailure: ServerFailure | undefined;
  #sinceMs: number | undefined;
  #loadedMs = 0;
  readonly #work: Work;
  ticket: string | undefined;
  #lease: Lease | undefined;
  #upstreamRequest: UpstreamRequest | undefined;
  #encoder: ResponseEncoder;
  #sentMs = 0;
  #firstMs: number | undefined;
  #streaming = false;
  #done = false;
  /** Parameters without effect on the deployment that was asked last; before an attempt, on some deployment of the model. */
  ignoredParams: Set<string>;

  constructor(context: RequestContext, subrequest: Subrequest, plan: ForwardPlan, listener: ForwarderListener) {
    this.#context = context;
    this.#subrequest = subrequest;
    this.#plan = plan;
    this.#group = plan.group;
    this.#fallbacks = new Fallbacks(plan);
    this.#listener = listener;
    this.#work = workOf(context, subrequest.request, plan.caller);
    this.#encoder = subrequest.encoder();
    this.ignoredParams = context.record.ignoredParams;
  }

  /** Acquires a slot, and goes on until the response is complete. */
  start(): void {
    if (this.#plan.mockEvents !== undefined) return this.#onEvents(this.#plan.mockEvents);
    const { service } = this.#context;
    this.#sinceMs ??= performance.now();
    const isRetry = this.#attempts > 0 || (this.#insideMs > 0 && !this.#work.batch);
    const tried = this.#failed?.tried ?? [];
    const state = { tried, isRetry, sinceMs: this.#sinceMs, loadedMs: this.#loadedMs, insideMs: this.#insideMs };
    const slotRequest = slotRequestOf(this.#context, this.#subrequest.stream, this.#group, this.#work, state);
    const ticket = service.scheduler.acquire(slotRequest, (decision, failedLoad) => {
      this.ticket = undefined;
      this.#onDecision(decision, failedLoad);
    });
    // If the callback ran synchronously, a retry may have stored a newer ticket: do not overwrite it.
    if (ticket !== undefined) this.ticket = ticket;
  }

  /** The slot that it has. */
  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Gives the response up and cancels the backend's work at once. A response that is complete ends by itself, so that its connection is used again. */
  cancel(): void {
    if (this.#done) return;
    this.#done = true;
    if (this.ticket !== undefined) this.#context.service.scheduler.cancel(this.ticket);
    this.#upstreamRequest?.cancel();
    this.#release('cancelled');
  }

  #onDecision(decision: Assignment | Rejection | Recall, failedLoad: FailedLoad | undefined): void {
    if (decision.kind === 'recall') return this.#onRecall(decision);
    const { service, record } = this.#context;
    const nowMs = performance.now();
    this.#loadedMs = Math.max(this.#loadedMs, decision.loadMs);
    const { refits = 0, refit } = this.#failed ?? {};
    const failedAttempts = this.#attempts - refits;
    const route = { decision, failedAttempts, refit, insideMs: this.#insideMs, isBatch: this.#work.batch };
    recordDecision(record, route, { sinceMs: this.#sinceMs ?? nowMs, loadedMs: this.#loadedMs }, nowMs);
    if (decision.kind === 'reject') return this.#onRejection(decision, failedLoad);
    const { lease, reason } = decision;
    const deployment = this.#group.deployments.find(({ id }) => id === lease.deployment.id);
    if (this.#done || deployment === undefined) {
      service.scheduler.release(lease, 'cancelled');
      return;
    }
    this.#lease = lease;
    this.#send(deployment, this.#fallbacks.inUse ? `fallback/${reason}` : reason, nowMs);
  }

  // The request waits inside its server: it waits in its queue again, at its old place.
  #onRecall({ trial }: Recall): void {
    if (this.#lease?.request !== trial || this.#firstMs !== undefined || this.#upstreamRequest === undefined) return;
    this.#upstreamRequest.cancel();
    this.#release('recalled');
    this.#attempts -= 1;
    recordRecall(this.#context.record);
    this.#insideMs += performance.now() - this.#sentMs;
    this.start();
  }

  #onRejection(rejection: Rejection, failedLoad: FailedLoad | undefined): void {
    const { name, deployments } = this.#group;
    if (this.#lastFailure === undefined && rejection.reason === 'no-backend')
      recordFailedLoad(this.#context.record, deployments, failedLoad);
    this.#fallBack(rejectionFailure(name, rejection, this.#lastFailure ?? failedLoad?.failure));
  }

  #send(deployment: Deployment, reason: string, nowMs: number): void {
    const { record, startedMs } = this.#context;
    this.#attempts += 1;
    this.#upstreamRequest = undefined;
    if (this.#sentMs !== 0) this.#encoder = this.#subrequest.encoder();
    this.#sentMs = nowMs;
    this.#firstMs = undefined;
    this.ignoredParams = new Set(this.#plan.ignoredBy(deployment));
    const group = this.#fallbacks.inUse ? this.#group.name : record.alias;
    const dispatch = (): void => {
      if (!this.#done) this.#dispatch(deployment);
    };
    recordAttempt(this.#context, deployment, { askedMs: nowMs - startedMs, reason, group }, () => {
      if (this.#context.bodyBytes <= LARGE_BYTES) dispatch();
      else void ownTurn().then(dispatch);
    });
  }

  #dispatch(deployment: Deployment): void {
    const { service, record, startedMs } = this.#context;
    try {
      const listener = recordingListener(record, this.ignoredParams, (events) => {
        this.#onEvents(events);
      });
      const request = this.#failed?.cut ?? this.#subrequest.request;
      const spentMs = performance.now() - startedMs;
      this.#upstreamRequest = service.upstream.send(request, this.#subrequest.stream, deployment, spentMs, listener);
    } catch (error) {
      this.#release('cancelled');
      this.#fail(unwritableFailure(this.#context, error));
    }
  }

  #onEvents(events: readonly ServerEvent[]): void {
    try {
      const { text, last, hasContent } = encodeEvents(this.#encoder, events);
      if (hasContent) this.#onFirstContent();
      if (last?.kind === 'end') return this.#succeed(text, last);
      this.#emit(text);
      if (last?.kind === 'failure') this.#onFailure(last.failure);
    } catch (error) {
      noteError(this.#context, error);
      this.#upstreamRequest?.cancel();
      this.#release('cancelled');
      this.#fail(INTERNAL_ERROR);
    }
  }

  #onFirstContent(): void {
    if (this.#firstMs !== undefined) return;
    const { service, record, startedMs } = this.#context;
    const nowMs = performance.now();
    this.#firstMs = nowMs - this.#sentMs;
    record.firstMs ??= nowMs - startedMs;
    if (this.#lease !== undefined) service.scheduler.started(this.#lease);
  }

  #emit(text: string): void {
    if (text === '') return;
    this.#streaming = true;
    this.#listener.onText(text);
  }

  #succeed(text: string, { usage, reason }: Extract<ServerEvent, { kind: 'end' }>): void {
    this.#done = true;
    this.#context.record.finish = reason;
    this.#release('answered', usage);
    this.#listener.onEnd(text, usage);
  }

  #onFailure(failure: ServerFailure): void {
    const { id, backend: url } = this.#lease?.deployment ?? {};
    this.#release(this.#plan.isOwnTimeout(failure) ? 'cancelled' : attemptResultOf(failure));
    recordFailure(this.#context, failure);
    this.#lastFailure = failure;
    if (id === undefined || url === undefined || this.#streaming) return this.#fallBack(failure);
    const { request } = this.#subrequest;
    const { deployments } = this.#group;
    const isWanted = (): boolean => !this.#done;
    const failed = { request, deployments, sentWith: this.#upstreamRequest?.context, isWanted };
    this.#failed ??= new FailedAttempts(this.#context.service);
    this.#failed.decide(failure, { id, url }, failed, this.#attempts, this.#plan, (isRetried, last) => {
      if (isRetried && !this.#done) this.start();
      else this.#fallBack(last);
    });
  }

  #fallBack(failure: Failure | ServerFailure): void {
    const next = this.#streaming || this.#done ? undefined : this.#fallbacks.next(failure);
    if (next === undefined) {
      this.#fail(failure);
      return;
    }
    this.#group = next;
    this.#failed?.startModel(next.deployments);
    this.#attempts = 0;
    this.#lastFailure = undefined;
    this.start();
  }

  #fail(failure: Failure): void {
    if (this.#done) return;
    this.#done = true;
    this.#listener.onFailure(clientFailure(failure, this.#context.service.config.backends));
  }

  #release(result: AttemptResult, usage?: Usage): void {
    const lease = this.#lease;
    this.#lease = undefined;
    if (lease === undefined) return;
    if (usage === undefined) recordPart(this.#context.record, this.#upstreamRequest);
    const observation = observationOf(result, usage, this.#firstMs, this.#upstreamRequest);
    this.#context.service.scheduler.release(lease, result, observation);
  }
}
