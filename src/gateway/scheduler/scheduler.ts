import type { ServerFailure } from '../exchange.ts';
import type {
  Assignment,
  AttemptResult,
  Decision,
  Observation,
  Rejection,
  RouteEvent,
  SlotRequest,
} from '../route/event.ts';
import { isDoubted } from '../route/circuit.ts';
import type { Backend, Fleet, Lease } from '../route/fleet.ts';
import type { FleetSpec } from '../route/fleet-spec.ts';
import type { Listing } from '../route/residency.ts';
import type { Policy } from '../route/policy.ts';
import { route } from '../route/router.ts';
import { Delegation } from './delegation.ts';
import { FailedLoads } from './failed-loads.ts';
import { Holders } from './holders.ts';
import type { OnDecision, PendingDecision } from './on-decision.ts';
import type { RouteObserver } from './route-observer.ts';
import { NO_EFFECTS, type SchedulerEffects } from './scheduler-effects.ts';

const TICK_MS = 100;

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
  readonly #failedLoads: FailedLoads;
  /** Callbacks of the requests that have a slot: until they begin they may be recalled. */
  readonly #holders = new Holders();
  /** Callbacks that wait for a probe, by backend. */
  readonly #awaitingProbe = new Map<string, ((isUp: boolean) => void)[]>();
  /** The part about other instances of the gateway. */
  readonly delegation: Delegation;
  #requests = 0;
  #ticking: NodeJS.Timeout | undefined;
  #closed = false;

  /** `now` is a monotonic clock, ms. */
  constructor(fleet: Fleet, policy: Policy, now: () => number, observer?: RouteObserver) {
    this.fleet = fleet;
    this.#failedLoads = new FailedLoads(fleet);
    this.#observer = observer;
    this.#policy = policy;
    this.#now = now;
    this.delegation = new Delegation({
      fleet,
      now,
      holders: this.#holders,
      pending: this.#pending,
      apply: (event) => {
        this.#apply(event);
      },
      route: (event) => this.#route(event),
      carryOut: (decision) => {
        this.#carryOut(decision);
      },
    });
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
    if (own?.kind === 'assign') this.#holders.add(own.lease, onDecision);
    if (own !== undefined) onDecision(own, own.kind === 'reject' ? this.#failedLoads.of(deployments) : undefined);
    else this.delegation.decider?.asked(request, slotRequest);
    return own === undefined ? request : undefined;
  }

  /** Removes a queued request. */
  cancel(ticket: string): void {
    if (!this.#pending.delete(ticket)) return;
    this.#apply({ kind: 'left', request: ticket });
    this.delegation.decider?.left(ticket);
  }

  /** A backend has begun to answer. */
  started(lease: Lease): void {
    this.#holders.remove(lease);
    this.#apply({ kind: 'started', lease });
    this.delegation.decider?.started(lease.request);
  }

  /** Gives a slot back; exactly once per lease. */
  release(lease: Lease, result: AttemptResult, observation?: Observation): void {
    this.#holders.remove(lease);
    const event: RouteEvent = {
      kind: 'released',
      lease,
      result,
      ...(observation === undefined ? {} : { observation }),
    };
    if (result === 'backend-failed' || result === 'connection-failed') this.#applyWithCircuit(lease.backend, event);
    else this.#apply(event);
    this.delegation.decider?.released(lease.request, result, observation);
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
    this.#failedLoads.ended(replica, failure);
    const backend = this.fleet.backends.get(this.fleet.replicas.get(replica)?.backend ?? '');
    this.#applyWithCircuit(backend, { kind: 'loaded', replica, result });
    this.delegation.decider?.loaded(replica, result, failure);
  }

  /** The test of a model has come back. */
  tested(replica: string): void {
    this.#apply({ kind: 'tested', replica });
  }

  /** Another configuration holds from now on; leases of the old one stay counted. */
  reconfigure(spec: FleetSpec, policy: Policy): void {
    this.#policy = policy;
    this.#apply({ kind: 'reconfigured', spec });
    this.#failedLoads.prune();
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
    if (this.#ticking === undefined && !this.#closed && this.fleet.tickWanted)
      this.#ticking = setInterval(() => {
        this.#tick();
      }, TICK_MS).unref();
  }

  #tick(): void {
    this.#apply({ kind: 'ticked' });
    if (this.fleet.tickWanted) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #carryOut(decision: Decision): void {
    if (decision.kind === 'load') this.#effects.onLoad(decision.replica, decision.deployment);
    else if (decision.kind === 'unload') this.#effects.onUnload(decision);
    else if (decision.kind === 'test') this.#effects.onTest(decision.replica, decision.deployment);
    else if (decision.kind === 'recall') this.#holders.recall(({ request }) => request === decision.trial);
    else if (decision.kind === 'recall-all') this.#holders.recall(({ replica }) => replica.id === decision.replica);
    else {
      const pending = this.#pending.get(decision.request);
      this.#pending.delete(decision.request);
      if (pending !== undefined) {
        if (decision.kind === 'assign') this.#holders.add(decision.lease, pending.onDecision);
        pending.onDecision(
          decision,
          decision.kind === 'reject' ? this.#failedLoads.of(pending.deployments) : undefined,
        );
      }
      // An earlier decision of this batch may have cancelled this request (same client): give the slot back.
      else if (decision.kind === 'assign') this.release(decision.lease, 'cancelled');
    }
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
