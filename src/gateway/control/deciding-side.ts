import type { SlotRequest } from '../route/event.ts';
import type { Lease } from '../route/fleet.ts';
import type { FleetSpec } from '../route/fleet-spec.ts';
import { replicaId } from '../route/replica.ts';
import type { FailedLoad, OnDecision } from '../scheduler/on-decision.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { SharedLimits } from './links-options.ts';
import type { DecidingMessage, HoldingMessage } from './messages.ts';

/** The parts of the instance that decides, for one that holds slots. */
export interface DecidingSideOptions {
  readonly scheduler: Scheduler;
  /** The id of the other instance. */
  readonly peer: string;
  readonly limits?: Pick<SharedLimits, 'adopt' | 'adoptMore' | 'adoptOpen'>;
  /** The instance that has taken over from the other one tells its minutes. */
  readonly hasMinutes?: boolean;
  readonly send: (message: DecidingMessage) => void;
}

/** Bytes of a token, for prompts whose instance is gone. */
const TOKEN_BYTES = 4;

/** The side of a link that decides: the slots and requests of another instance, as this scheduler counts them. */
export class DecidingSide {
  readonly #options: DecidingSideOptions;
  readonly #leases = new Map<string, Lease>();
  readonly #tickets = new Map<string, string>();
  /** Replicas that the other instance loads. */
  readonly #loads = new Set<string>();
  #spec: FleetSpec = { backends: [], deployments: [] };
  #isOver = false;

  constructor(options: DecidingSideOptions) {
    this.#options = options;
  }

  /** Requests of the other instance that have a slot. */
  get held(): number {
    return this.#leases.size;
  }

  receive(message: HoldingMessage): void {
    if (this.#isOver) return;
    const { scheduler } = this.#options;
    switch (message.kind) {
      case 'holds':
        this.#adoptAll(message);
        break;
      case 'spec':
        this.#spec = message.spec;
        break;
      case 'used':
        this.#options.limits?.adoptMore(message.limits);
        break;
      case 'open':
        this.#options.limits?.adoptOpen(this.#options.peer, message.open);
        break;
      case 'ask':
        this.#ask(message.request, message.slotRequest);
        break;
      case 'left':
        this.#leave(message.request);
        break;
      case 'started': {
        const lease = this.#leases.get(message.request);
        if (lease !== undefined) scheduler.started(lease);
        break;
      }
      case 'released': {
        const lease = this.#leases.get(message.request);
        this.#leases.delete(message.request);
        if (lease !== undefined) scheduler.release(lease, message.result, message.observation);
        break;
      }
      case 'loaded':
        if (this.#loads.delete(message.replica)) scheduler.loaded(message.replica, message.result, message.failure);
        break;
      case 'moved':
      case 'bye':
        break;
    }
  }

  /** Has the other instance load a model, if only its configuration knows the deployment. */
  load(replica: string, deployment: string): boolean {
    if (this.#isOver || !this.#spec.deployments.some(({ id }) => id === deployment)) return false;
    this.#loads.add(replica);
    this.#options.send({ kind: 'load', replica, deployment });
    return true;
  }

  /** The requests of the other instance wait no more: their slots stay counted until {@link drop}. */
  stopWaiting(): void {
    const tickets = [...this.#tickets.values()];
    this.#tickets.clear();
    for (const ticket of tickets) this.#options.scheduler.cancel(ticket);
  }

  /** The other instance is gone, and with it the requests that it had sent. */
  drop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { scheduler, limits, peer } = this.#options;
    this.stopWaiting();
    limits?.adoptOpen(peer, []);
    for (const lease of this.#leases.values()) {
      const promptBytes = lease.unread * TOKEN_BYTES;
      scheduler.release(lease, 'cancelled', lease.started ? undefined : { promptBytes, abandoned: true });
    }
    this.#leases.clear();
    for (const replica of this.#loads) scheduler.loaded(replica, 'cancelled', undefined);
    this.#loads.clear();
  }

  #adoptAll({ facts, leases, waiters, limits }: Extract<HoldingMessage, { kind: 'holds' }>): void {
    const { scheduler, peer } = this.#options;
    this.#spec = facts.spec;
    if (limits !== undefined) this.#options.limits?.adopt(peer, this.#options.hasMinutes === true ? [] : limits);
    scheduler.delegation.learn(facts);
    for (const { deployment } of facts.loads) {
      const spec = facts.spec.deployments.find(({ id }) => id === deployment);
      if (spec !== undefined) this.#loads.add(replicaId(spec.backend, spec.model));
    }
    for (const holding of leases) {
      const { request } = holding;
      const lease = scheduler.delegation.adopt(
        { ...holding, request: `${peer}/${request}` },
        this.#onDecision(request),
      );
      if (lease !== undefined) this.#leases.set(request, lease);
    }
    for (const [request, slotRequest] of waiters) this.#ask(request, slotRequest);
  }

  #ask(request: string, slotRequest: SlotRequest): void {
    const { scheduler } = this.#options;
    const { deployments } = scheduler.fleet;
    // Parts that this configuration does not have go when nothing uses them.
    if (slotRequest.deployments.some((id) => !deployments.has(id)))
      scheduler.delegation.learn({ spec: this.#spec, replicas: [], deployments: [], loads: [] });
    const ticket = scheduler.acquire(slotRequest, this.#onDecision(request));
    if (ticket !== undefined) this.#tickets.set(request, ticket);
  }

  #leave(request: string): void {
    const { scheduler } = this.#options;
    const ticket = this.#tickets.get(request);
    const lease = this.#leases.get(request);
    this.#tickets.delete(request);
    this.#leases.delete(request);
    if (ticket !== undefined) scheduler.cancel(ticket);
    // It left while the grant was on its way.
    if (lease !== undefined) scheduler.release(lease, 'cancelled');
  }

  #onDecision(request: string): OnDecision {
    const { send } = this.#options;
    return (decision, failedLoad: FailedLoad | undefined) => {
      if (decision.kind === 'recall') {
        send({ kind: 'recall', request });
        return;
      }
      this.#tickets.delete(request);
      if (decision.kind === 'reject') {
        send({ kind: 'reject', rejection: { ...decision, request }, failedLoad });
        return;
      }
      const { lease, reason, free } = decision;
      this.#leases.set(request, lease);
      const { deployment, queue, sinceMs, assignedMs } = lease;
      // The other instance knows the work of its request.
      const work = { promptTokens: 0, maxTokens: undefined, prefix: [], key: '', user: undefined, batch: false };
      const place = { request, deployment: deployment.id, queue, work, sinceMs, assignedMs };
      send({ kind: 'grant', holding: { ...place, started: false, reason, free } });
    };
  }
}
