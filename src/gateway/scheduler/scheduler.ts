import type { ServerFailure } from '../exchange.ts';
import type {
  Assignment,
  AttemptResult,
  Decision,
  Observation,
  Recall,
  Rejection,
  RouteEvent,
  SlotRequest,
} from '../route/event.ts';
import { isDoubted } from '../route/circuit.ts';
import type { Backend, Fleet, FleetSpec, Lease } from '../route/fleet.ts';
import type { Listing } from '../route/residency.ts';
import type { Policy } from '../route/policy.ts';
import { needsTick, route } from '../route/router.ts';
import type { SchedulerEffects } from './scheduler-effects.ts';

const TICK_MS = 100;

/** The failure of the last load for a deployment, by the deployment's id. */
export interface FailedLoad {
  readonly deployment: string;
  readonly failure: ServerFailure;
}

/**
 * Called once per slot request, and once more with a recall if the request went beyond the known slots and waits inside its server.
 * `failedLoad` is set if the request is rejected because a load of its model failed.
 */
export type OnDecision = (decision: Assignment | Rejection | Recall, failedLoad: FailedLoad | undefined) => void;

/** Sees every event of routing, after its decisions were made and before they are carried out. */
export interface RouteObserver {
  routed(event: RouteEvent, decisions: readonly Decision[], nowMs: number): void;
}

const NO_EFFECTS: SchedulerEffects = { onDown() {}, onUp() {}, onDoubt() {}, onLoad() {}, onUnload() {} };

interface PendingDecision {
  readonly onDecision: OnDecision;
  readonly deployments: readonly string[];
}

/** Hands out slots: turns calls into events for the pure `route()` and carries out its decisions. */
export class Scheduler {
  /** The state of routing, to read and not to change. */
  readonly fleet: Fleet;
  #policy: Policy;
  readonly #now: () => number;
  #effects: SchedulerEffects = NO_EFFECTS;
  readonly #observer: RouteObserver | undefined;
  /** Requests that wait, by ticket. */
  readonly #pending = new Map<string, PendingDecision>();
  /** Failures of the last load, by replica; a load that succeeds removes its entry. */
  readonly #failedLoads = new Map<string, ServerFailure>();
  /** Callbacks of requests beyond the known slots, which may be recalled. */
  readonly #trials = new Map<string, OnDecision>();
  /** Callbacks that wait for a probe, by backend. */
  readonly #awaitingProbe = new Map<string, ((isUp: boolean) => void)[]>();
  #requests = 0;
  #ticking: NodeJS.Timeout | undefined;
  #closed = false;

  /** `now` is a monotonic clock, ms. */
  constructor(fleet: Fleet, policy: Policy, now: () => number, observer?: RouteObserver) {
    this.fleet = fleet;
    this.#observer = observer;
    this.#policy = policy;
    this.#now = now;
  }

  /** Sets the effects on backends. To be called before the first event. */
  connect(effects: SchedulerEffects): void {
    this.#effects = effects;
  }

  /** Leases that are not released yet. */
  get inFlight(): number {
    let sum = 0;
    for (const { inFlight } of this.fleet.backends.values()) sum += inFlight;
    return sum;
  }

  /** Requests that wait for a slot. */
  get waiting(): number {
    return this.fleet.waiting.size;
  }

  /** Whether a load runs on a backend. */
  isLoading(url: string): boolean {
    const backend = this.fleet.backends.get(url);
    return backend?.loading !== undefined || backend?.implicitLoad !== undefined;
  }

  /** Asks for a slot. Returns a ticket for {@link cancel} if the request waits, `undefined` if `onDecision` has been called. */
  acquire(slotRequest: SlotRequest, onDecision: OnDecision): string | undefined {
    this.#requests += 1;
    const request = String(this.#requests);
    const { deployments } = slotRequest;
    const decisions = this.#route({ kind: 'arrived', request, ...slotRequest });
    const own = decisions.find(
      (decision): decision is Assignment | Rejection => 'request' in decision && decision.request === request,
    );
    // Waiters of an alias have one list of deployments in common.
    if (own === undefined)
      this.#pending.set(request, {
        onDecision,
        deployments: this.fleet.waiting.get(request)?.waiter.deployments ?? deployments,
      });
    this.#carryOutAll(decisions.filter((decision) => decision !== own));
    if (own?.kind === 'assign' && own.reason === 'slot-trial') this.#trials.set(own.request, onDecision);
    if (own !== undefined) onDecision(own, own.kind === 'reject' ? this.#failedLoadOf(deployments) : undefined);
    return own === undefined ? request : undefined;
  }

  /** Removes a queued request. */
  cancel(ticket: string): void {
    if (this.#pending.delete(ticket)) this.#apply({ kind: 'left', request: ticket });
  }

  /** A backend has begun to answer. */
  started(lease: Lease): void {
    this.#apply({ kind: 'started', lease });
  }

  /** Gives a slot back; exactly once per lease. */
  release(lease: Lease, result: AttemptResult, observation?: Observation): void {
    if (this.#trials.size > 0) this.#trials.delete(lease.request);
    const event: RouteEvent = {
      kind: 'released',
      lease,
      result,
      ...(observation === undefined ? {} : { observation }),
    };
    if (result === 'backend-failed' || result === 'connection-failed') this.#applyWithCircuit(lease.backend, event);
    else this.#apply(event);
  }

  /** A probe has ended. */
  probed(backend: string, alive: boolean): void {
    this.#applyWithCircuit(this.fleet.backends.get(backend), { kind: 'probed', backend, alive });
    const waiting = this.#awaitingProbe.get(backend) ?? [];
    this.#awaitingProbe.delete(backend);
    for (const onProbed of waiting) onProbed(alive);
  }

  /** Calls back, exactly once, when it is known whether a backend is up: at once, unless a probe decides on it. */
  whenProbed(url: string, onProbed: (isUp: boolean) => void): void {
    const circuit = this.fleet.backends.get(url)?.circuit;
    if (circuit === undefined || !isDoubted(circuit)) onProbed(circuit?.state !== 'open');
    else this.#awaitingProbe.set(url, [...(this.#awaitingProbe.get(url) ?? []), onProbed]);
  }

  /** A backend has listed the models in its memory. */
  listed(backend: string, listing: Listing): void {
    this.#apply({ kind: 'listed', backend, listing });
  }

  /** A load has ended. */
  loaded(replica: string, result: AttemptResult, failure: ServerFailure | undefined): void {
    if (failure === undefined) this.#failedLoads.delete(replica);
    else if (this.fleet.replicas.has(replica)) this.#failedLoads.set(replica, failure);
    const backend = this.fleet.backends.get(this.fleet.replicas.get(replica)?.backend ?? '');
    this.#applyWithCircuit(backend, { kind: 'loaded', replica, result });
  }

  /** Another configuration holds from now on; leases of the old one stay counted. */
  reconfigure(spec: FleetSpec, policy: Policy): void {
    this.#policy = policy;
    this.#apply({ kind: 'reconfigured', spec });
    for (const replica of this.#failedLoads.keys())
      if (!this.fleet.replicas.has(replica)) this.#failedLoads.delete(replica);
  }

  /** Deployments of one model on one backend have another context; `load` as in the event. */
  resized(runnerKeys: ReadonlyMap<string, string>, load: boolean): void {
    this.#apply({ kind: 'resized', runnerKeys, load });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#ticking);
  }

  #apply(event: RouteEvent): void {
    this.#carryOutAll(this.#route(event));
  }

  #route(event: RouteEvent): readonly Decision[] {
    const nowMs = this.#now();
    const decisions = route(this.fleet, this.#policy, event, nowMs);
    this.#observer?.routed(event, decisions, nowMs);
    return decisions;
  }

  #carryOutAll(decisions: readonly Decision[]): void {
    for (const decision of decisions) this.#carryOut(decision);
    // The connection of a waiting client keeps the process alive: the timer need not.
    if (this.#ticking === undefined && !this.#closed && needsTick(this.fleet))
      this.#ticking = setInterval(() => {
        this.#tick();
      }, TICK_MS).unref();
  }

  #tick(): void {
    this.#apply({ kind: 'ticked' });
    if (needsTick(this.fleet)) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #carryOut(decision: Decision): void {
    if (decision.kind === 'load') this.#effects.onLoad(decision.replica, decision.deployment);
    else if (decision.kind === 'unload') this.#effects.onUnload(decision.backend, decision.model);
    else if (decision.kind === 'recall') this.#trials.get(decision.trial)?.(decision, undefined);
    else {
      const pending = this.#pending.get(decision.request);
      this.#pending.delete(decision.request);
      if (pending !== undefined) {
        if (decision.kind === 'assign' && decision.reason === 'slot-trial')
          this.#trials.set(decision.request, pending.onDecision);
        pending.onDecision(decision, decision.kind === 'reject' ? this.#failedLoadOf(pending.deployments) : undefined);
      }
      // An earlier decision of this batch may have cancelled this request (same client): give the slot back.
      else if (decision.kind === 'assign') this.release(decision.lease, 'cancelled');
    }
  }

  #failedLoadOf(deployments: readonly string[]): FailedLoad | undefined {
    for (const deployment of deployments) {
      const failure = this.#failedLoads.get(this.fleet.deployments.get(deployment)?.replica ?? '');
      if (failure !== undefined) return { deployment, failure };
    }
    return undefined;
  }

  #applyWithCircuit(backend: Backend | undefined, event: RouteEvent): void {
    const before = backend?.circuit;
    this.#apply(event);
    if (backend === undefined || backend.circuit === before) return;
    if (backend.circuit.state === 'open')
      this.#effects.onDown(backend.url, backend.circuit.nextProbeMs, before?.state === 'closed');
    else if (isDoubted(backend.circuit)) this.#effects.onDoubt(backend.url);
    else this.#effects.onUp(backend.url, before?.state === 'open');
  }
}
