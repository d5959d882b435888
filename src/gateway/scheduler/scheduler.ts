import type { ServerFailure } from '../exchange.ts';
import type {
  Arrival,
  Assignment,
  Decision,
  AttemptResult,
  Rejection,
  RouteEvent,
  Observation,
} from '../route/event.ts';
import type { Backend, Fleet, FleetSpec, Lease } from '../route/fleet.ts';
import type { Listing } from '../route/residency.ts';
import { needsTick, route, type Policy } from '../route/router.ts';

const TICK_MS = 100;

/** What a request wants; the desk gives it its ticket. */
export type SlotRequest = Omit<Arrival, 'kind' | 'request'>;

/** What a load has come to that was no good, and of which place. */
export interface FailedLoad {
  readonly place: string;
  readonly failure: ServerFailure;
}

/** Told once what became of a wish; `failed`: what loads of its model have come to, where it is refused. */
export type OnDecision = (fate: Assignment | Rejection, failed: FailedLoad | undefined) => void;

/** What a desk tells of servers. */
export interface SchedulerEffects {
  /** A server may not be used, and wants to be asked at that time whether it lives again; `isNew` unless that was known. */
  onDown(backend: string, nextProbeMs: number, isNew: boolean): void;
  onUp(backend: string): void;
  /** What a place wants is to be loaded; {@link Desk.loaded} is told how it went. */
  onLoad(replica: string, place: string): void;
  onUnload(backend: string, model: string): void;
}

/** Where requests ask for a place: gives events to routing, and its decisions to whom they concern. */
export class Scheduler {
  readonly #fleet: Fleet;
  #policy: Policy;
  readonly #now: () => number;
  readonly #effects: SchedulerEffects;
  readonly #waiting = new Map<string, { readonly answer: OnDecision; readonly deployments: readonly string[] }>();
  /** What the last load of a replica has come to, where that was no good. */
  readonly #failures = new Map<string, ServerFailure>();
  #requests = 0;
  #ticking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(fleet: Fleet, policy: Policy, now: () => number, listener: SchedulerEffects) {
    this.#fleet = fleet;
    this.#policy = policy;
    this.#now = now;
    this.#effects = listener;
  }

  /** Requests in flight, in all. */
  get inFlight(): number {
    let sum = 0;
    for (const { inFlight } of this.#fleet.backends.values()) sum += inFlight;
    return sum;
  }

  /** Requests that wait for a place. */
  get waiting(): number {
    return this.#fleet.waiting.size;
  }

  /** What routing knows, to be shown and not to be changed. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  /** Asks for a place; gives the ticket of who waits, `undefined` where the answer has been given. */
  acquire(slotRequest: SlotRequest, answer: OnDecision): string | undefined {
    this.#requests += 1;
    const request = String(this.#requests);
    const decisions = route(this.#fleet, this.#policy, { kind: 'arrived', request, ...slotRequest }, this.#now());
    const own = decisions.find(
      (decision): decision is Assignment | Rejection => 'request' in decision && decision.request === request,
    );
    if (own === undefined) this.#waiting.set(request, { answer, deployments: slotRequest.deployments });
    this.#carryOut(decisions.filter((decision) => decision !== own));
    if (own !== undefined) answer(own, own.kind === 'reject' ? this.#failureOf(slotRequest.deployments) : undefined);
    return own === undefined ? request : undefined;
  }

  /** Who waits does so no more. */
  cancel(ticket: string): void {
    if (this.#waiting.delete(ticket)) this.#apply({ kind: 'left', request: ticket });
  }

  /** A server has begun to answer. */
  started(lease: Lease): void {
    this.#apply({ kind: 'started', lease });
  }

  /** Gives a place back; once for each that was given. */
  release(lease: Lease, how: AttemptResult, observation?: Observation): void {
    const event: RouteEvent = { kind: 'released', lease, how, ...(observation === undefined ? {} : { observation }) };
    if (how === 'backend-failed') this.#applyWatchingCircuit(lease.backend, event);
    else this.#apply(event);
  }

  /** A server was asked whether it lives. */
  probed(backend: string, alive: boolean): void {
    this.#applyWatchingCircuit(this.#fleet.backends.get(backend), { kind: 'probed', backend, alive });
  }

  /** A server has said what is in its memory. */
  listed(backend: string, listing: Listing): void {
    this.#apply({ kind: 'listed', backend, listing });
  }

  /** A load has ended. */
  loaded(replica: string, how: AttemptResult, failure: ServerFailure | undefined): void {
    if (failure === undefined) this.#failures.delete(replica);
    else this.#failures.set(replica, failure);
    this.#applyWatchingCircuit(this.#fleet.backends.get(this.#fleet.replicas.get(replica)?.backend ?? ''), {
      kind: 'loaded',
      replica,
      how,
    });
  }

  /** Another configuration holds from now on; requests in flight stay counted. */
  reconfigure(plan: FleetSpec, policy: Policy): void {
    this.#policy = policy;
    this.#apply({ kind: 'replanned', plan });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#ticking);
  }

  #apply(event: RouteEvent): void {
    this.#carryOut(route(this.#fleet, this.#policy, event, this.#now()));
  }

  #carryOut(decisions: readonly Decision[]): void {
    for (const decision of decisions) this.#carryOutOne(decision);
    // Whoever waits holds a connection, which keeps the process: the ticks need not.
    if (this.#ticking === undefined && !this.#closed && needsTick(this.#fleet))
      this.#ticking = setInterval(() => {
        this.#tick();
      }, TICK_MS).unref();
  }

  #tick(): void {
    this.#apply({ kind: 'ticked' });
    if (needsTick(this.#fleet)) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #carryOutOne(decision: Decision): void {
    if (decision.kind === 'load') this.#effects.onLoad(decision.replica, decision.deployment);
    else if (decision.kind === 'unload') this.#effects.onUnload(decision.backend, decision.model);
    else {
      const waiting = this.#waiting.get(decision.request);
      this.#waiting.delete(decision.request);
      if (waiting !== undefined)
        waiting.answer(decision, decision.kind === 'reject' ? this.#failureOf(waiting.deployments) : undefined);
      // Whoever was told before it may have taken it along: they were one client's.
      else if (decision.kind === 'assign') this.release(decision.lease, 'cancelled');
    }
  }

  #failureOf(deployments: readonly string[]): FailedLoad | undefined {
    for (const place of deployments) {
      const failure = this.#failures.get(this.#fleet.deployments.get(place)?.replica ?? '');
      if (failure !== undefined) return { place, failure };
    }
    return undefined;
  }

  #applyWatchingCircuit(backend: Backend | undefined, event: RouteEvent): void {
    const before = backend?.circuit;
    this.#apply(event);
    if (backend === undefined || backend.circuit === before) return;
    if (backend.circuit.state === 'open')
      this.#effects.onDown(backend.url, backend.circuit.nextProbeMs, before?.state === 'closed');
    else this.#effects.onUp(backend.url);
  }
}
