import { isRetryable } from '../../gateway/proxy/retry.ts';
import type { Assignment, AttemptResult, Recall, Rejection } from '../../gateway/route/event.ts';
import { slotRequestOf } from '../adapter.ts';
import type { SimRequest } from '../request.ts';
import type { JobFailure, JobListener } from '../server/job.ts';
import type { SimModel } from '../server/model.ts';
import type { SimServer } from '../server/server.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { SimScheduler } from './scheduler.ts';
import { createVisit, measured, type Attempt, type ClientListener, type Visit } from './visit.ts';
import { Watch } from './watch.ts';

/** `num_retries` as it is without a configuration. */
const RETRIES = 3;

const RESULTS: Readonly<Record<JobFailure, AttemptResult>> = {
  busy: 'busy',
  broken: 'connection-failed',
  refused: 'backend-failed',
};

/** The gateway in virtual time: `route()` decides, and its decisions are carried out on simulated servers, without any network time. */
export class SimGateway {
  readonly scheduler: SimScheduler;
  readonly #options: GatewayOptions;
  readonly #watch: Watch;
  readonly #deploymentsOf = new Map<string, string[]>();
  readonly #visits = new Map<SimRequest, Visit>();

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { clock, servers, spec, policy } = options;
    for (const { id, model } of spec.deployments)
      this.#deploymentsOf.set(model, [...(this.#deploymentsOf.get(model) ?? []), id]);
    this.scheduler = new SimScheduler(spec, policy, clock, {
      onRouted: options.onRouted,
      onLoad: (replica) => {
        this.#load(replica);
      },
      onUnload: (url, model) => servers.get(url)?.unload(model),
      onDown: (url, atMs) => {
        this.#watch.probeAt(url, atMs);
      },
      onUp: () => {
        this.#watch.pollNow();
      },
      onDoubt: (url) => {
        this.#watch.confirm(url);
      },
    });
    this.#watch = new Watch(clock, servers, {
      isLoading: (url) => this.scheduler.isLoading(url),
      onListed: (url, models) => {
        this.scheduler.listed(url, models);
      },
      onProbed: (url, alive) => {
        this.scheduler.probed(url, alive);
      },
    });
  }

  /** Requests that wait for a slot, of a model. */
  waitingFor(model: string): number {
    let waiting = 0;
    for (const { request, ticket } of this.#visits.values())
      if (ticket !== undefined && request.model === model) waiting += 1;
    return waiting;
  }

  /** A client sends a request. */
  arrive(request: SimRequest, listener: ClientListener): void {
    const visit = createVisit(request, listener, this.#options.clock.nowMs);
    this.#visits.set(request, visit);
    this.#acquire(visit);
  }

  /** A client leaves. */
  leave(request: SimRequest): void {
    const visit = this.#visits.get(request);
    if (visit === undefined) return;
    const { ticket, attempt } = visit;
    this.#visits.delete(request);
    visit.isOver = true;
    if (ticket !== undefined) this.scheduler.cancel(ticket);
    attempt?.server.leave(attempt.job);
    if (attempt !== undefined) this.#release(visit, attempt, 'cancelled');
  }

  /** A server stands still: attempts there are watched for silence. */
  onFrozen(server: SimServer): void {
    const { nowMs } = this.#options.clock;
    for (const visit of this.#visits.values())
      if (visit.attempt?.server === server)
        this.#watchSilence(
          visit,
          visit.attempt,
          visit.attempt.job.firstMs === undefined ? visit.attempt.job.sentMs : nowMs,
        );
  }

  #acquire(visit: Visit): void {
    const { request, sinceMs, tried, attempts, loadedMs, isRecalled } = visit;
    const deployments = this.#deploymentsOf.get(request.model) ?? [];
    let isDecided = false;
    const isRetry = attempts > 0 || (isRecalled && request.class !== 'batch');
    const state = { deployments, tried: [...tried], isRetry, sinceMs, loadedMs };
    const ticket = this.scheduler.acquire(slotRequestOf(request, state, this.#options.known), (decision) => {
      isDecided = true;
      visit.ticket = undefined;
      this.#onDecision(visit, decision);
    });
    if (!isDecided) visit.ticket = ticket;
  }

  #onDecision(visit: Visit, decision: Assignment | Rejection | Recall): void {
    if (decision.kind === 'recall') {
      this.#onRecall(visit, decision);
      return;
    }
    visit.loadedMs = Math.max(visit.loadedMs, decision.loadMs);
    if (decision.kind === 'reject') {
      this.#end(visit, 'refused');
      return;
    }
    const { lease } = decision;
    const server = this.#serverOf(lease.backend.url);
    const model = this.#modelOf(visit.request.model);
    visit.attempts += 1;
    const listener: JobListener = {
      onFirst: () => {
        if (visit.isOver || visit.attempt?.lease !== lease) return;
        visit.listener.onFirst();
        this.scheduler.started(lease);
      },
      onEnd: () => {
        if (visit.isOver || visit.attempt?.lease !== lease) return;
        this.#release(visit, visit.attempt, 'answered');
        this.#end(visit, 'served');
      },
      onFailed: (_job, why) => {
        if (!visit.isOver && visit.attempt?.lease === lease) this.#onFailed(visit, visit.attempt, why);
      },
    };
    const attempt = { lease, server, job: server.send(model, visit.request, listener) };
    visit.attempt = attempt;
    if (server.isFrozen) this.#watchSilence(visit, attempt, this.#options.clock.nowMs);
  }

  #onRecall(visit: Visit, { trial }: Recall): void {
    const { attempt } = visit;
    if (attempt?.lease.request !== trial || attempt.job.firstMs !== undefined) return;
    attempt.server.leave(attempt.job);
    this.#release(visit, attempt, 'recalled');
    visit.attempts -= 1;
    visit.isRecalled = true;
    this.#acquire(visit);
  }

  #onFailed(visit: Visit, attempt: Attempt, why: JobFailure): void {
    const { url } = attempt.server;
    const { deployment } = attempt.lease;
    const streaming = attempt.job.firstMs !== undefined;
    this.#release(visit, attempt, RESULTS[why]);
    if (streaming) {
      this.#end(visit, 'failed');
      return;
    }
    const fault = why === 'broken' ? 'connection' : why === 'busy' ? 'busy' : 'backend';
    const decide = (isUp: boolean): void => {
      if (visit.isOver) return;
      if (fault === 'connection' && !isUp) visit.deaths += 1;
      visit.tried.push(deployment.id);
      const progress = { streaming, attempts: visit.attempts, isDown: !isUp, deaths: visit.deaths };
      const kind = fault === 'busy' ? 'overloaded' : 'upstream';
      if (isRetryable({ fault, kind }, progress, { retries: RETRIES })) this.#acquire(visit);
      else this.#end(visit, 'failed');
    };
    if (fault === 'connection') this.scheduler.whenProbed(url, decide);
    else decide(true);
  }

  #watchSilence(visit: Visit, attempt: Attempt, sinceMs: number): void {
    this.#watch.watchSilence(
      attempt.server.url,
      sinceMs,
      () => visit.attempt === attempt,
      () => {
        if (visit.attempt !== attempt) return;
        attempt.server.leave(attempt.job);
        this.#onFailed(visit, attempt, 'refused');
      },
    );
  }

  #release(visit: Visit, { lease, job }: Attempt, result: AttemptResult): void {
    visit.attempt = undefined;
    this.scheduler.release(lease, result, measured(visit.request, job, result, this.#options.clock.nowMs));
  }

  #end(visit: Visit, outcome: 'served' | 'refused' | 'failed'): void {
    visit.isOver = true;
    this.#visits.delete(visit.request);
    visit.listener.onEnd(outcome);
  }

  #load(replicaId: string): void {
    const replica = this.scheduler.fleet.replicas.get(replicaId);
    if (replica === undefined) throw new Error(`unknown replica: ${replicaId}`);
    const server = this.#serverOf(replica.backend);
    const loaded = (result: AttemptResult): void => {
      this.scheduler.loaded(replicaId, result);
      this.#watch.pollNow();
    };
    const listener: JobListener = {
      onFirst: () => undefined,
      onEnd: () => {
        loaded('answered');
      },
      onFailed: (_job, why) => {
        loaded(RESULTS[why]);
      },
    };
    const job = server.send(this.#modelOf(replica.model), undefined, listener, this.#options.isNeedless(replica.model));
    const isLoading = (): boolean => job.phase !== 'ended';
    this.#watch.watchSilence(server.url, this.#options.clock.nowMs, isLoading, () => {
      if (!isLoading()) return;
      server.leave(job);
      loaded('backend-failed');
    });
  }

  #serverOf(url: string): SimServer {
    const server = this.#options.servers.get(url);
    if (server === undefined) throw new Error(`unknown server: ${url}`);
    return server;
  }

  #modelOf(name: string): SimModel {
    const model = this.#options.models.get(name);
    if (model === undefined) throw new Error(`unknown model: ${name}`);
    return model;
  }
}
