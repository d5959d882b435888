import type { ServerFailure } from '../exchange.ts';
import type { Arrival, Assignment, Decision, Ending, Refusal, RouteEvent, Seen } from '../route/event.ts';
import type { Backend, Fleet, FleetPlan, Flight } from '../route/fleet.ts';
import type { Listing } from '../route/residence.ts';
import { isRestless, route, type Policy } from '../route/router.ts';

const TICK_MS = 100;

/** What a request wants; the desk gives it its ticket. */
export type Wish = Omit<Arrival, 'kind' | 'request'>;

/** What a load has come to that was no good, and of which place. */
export interface FailedLoad {
  readonly place: string;
  readonly failure: ServerFailure;
}

/** Told once what became of a wish; `failed`: what loads of its model have come to, where it is refused. */
export type Answer = (fate: Assignment | Refusal, failed: FailedLoad | undefined) => void;

/** What a desk tells of servers. */
export interface DeskListener {
  /** A server may not be used, and wants to be asked at that time whether it lives again; `isNew` unless that was known. */
  onDown(backend: string, nextProbeMs: number, isNew: boolean): void;
  onUp(backend: string): void;
  /** What a place wants is to be loaded; {@link Desk.loaded} is told how it went. */
  onLoad(replica: string, place: string): void;
  onUnload(backend: string, model: string): void;
}

/** Where requests ask for a place: gives events to routing, and its decisions to whom they concern. */
export class Desk {
  readonly #fleet: Fleet;
  #policy: Policy;
  readonly #now: () => number;
  readonly #listener: DeskListener;
  readonly #waiting = new Map<string, { readonly answer: Answer; readonly places: readonly string[] }>();
  /** What the last load of a replica has come to, where that was no good. */
  readonly #failures = new Map<string, ServerFailure>();
  #asked = 0;
  #ticking: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(fleet: Fleet, policy: Policy, now: () => number, listener: DeskListener) {
    this.#fleet = fleet;
    this.#policy = policy;
    this.#now = now;
    this.#listener = listener;
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
  ask(wish: Wish, answer: Answer): string | undefined {
    this.#asked += 1;
    const request = String(this.#asked);
    const decisions = route(this.#fleet, this.#policy, { kind: 'arrived', request, ...wish }, this.#now());
    const own = decisions.find(
      (decision): decision is Assignment | Refusal => 'request' in decision && decision.request === request,
    );
    if (own === undefined) this.#waiting.set(request, { answer, places: wish.places });
    this.#do(decisions.filter((decision) => decision !== own));
    if (own !== undefined) answer(own, own.kind === 'refuse' ? this.#failureOf(wish.places) : undefined);
    return own === undefined ? request : undefined;
  }

  /** Who waits does so no more. */
  leave(ticket: string): void {
    if (this.#waiting.delete(ticket)) this.#tell({ kind: 'left', request: ticket });
  }

  /** A server has begun to answer. */
  started(flight: Flight): void {
    this.#tell({ kind: 'started', flight });
  }

  /** Gives a place back; once for each that was given. */
  release(flight: Flight, how: Ending, seen?: Seen): void {
    const event: RouteEvent = { kind: 'released', flight, how, ...(seen === undefined ? {} : { seen }) };
    if (how === 'backend-failed') this.#watching(flight.backend, event);
    else this.#tell(event);
  }

  /** A server was asked whether it lives. */
  probed(backend: string, alive: boolean): void {
    this.#watching(this.#fleet.backends.get(backend), { kind: 'probed', backend, alive });
  }

  /** A server has said what is in its memory. */
  listed(backend: string, listing: Listing): void {
    this.#tell({ kind: 'listed', backend, listing });
  }

  /** A load has ended. */
  loaded(replica: string, how: Ending, failure: ServerFailure | undefined): void {
    if (failure === undefined) this.#failures.delete(replica);
    else this.#failures.set(replica, failure);
    this.#watching(this.#fleet.backends.get(this.#fleet.replicas.get(replica)?.backend ?? ''), {
      kind: 'loaded',
      replica,
      how,
    });
  }

  /** Another configuration holds from now on; requests in flight stay counted. */
  replan(plan: FleetPlan, policy: Policy): void {
    this.#policy = policy;
    this.#tell({ kind: 'replanned', plan });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#ticking);
  }

  #tell(event: RouteEvent): void {
    this.#do(route(this.#fleet, this.#policy, event, this.#now()));
  }

  #do(decisions: readonly Decision[]): void {
    for (const decision of decisions) this.#act(decision);
    // Whoever waits holds a connection, which keeps the process: the ticks need not.
    if (this.#ticking === undefined && !this.#closed && isRestless(this.#fleet))
      this.#ticking = setInterval(() => {
        this.#tick();
      }, TICK_MS).unref();
  }

  #tick(): void {
    this.#tell({ kind: 'ticked' });
    if (isRestless(this.#fleet)) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  #act(decision: Decision): void {
    if (decision.kind === 'load') this.#listener.onLoad(decision.replica, decision.place);
    else if (decision.kind === 'unload') this.#listener.onUnload(decision.backend, decision.model);
    else {
      const waiting = this.#waiting.get(decision.request);
      this.#waiting.delete(decision.request);
      if (waiting !== undefined)
        waiting.answer(decision, decision.kind === 'refuse' ? this.#failureOf(waiting.places) : undefined);
      // Whoever was told before it may have taken it along: they were one client's.
      else if (decision.kind === 'assign') this.release(decision.flight, 'cancelled');
    }
  }

  #failureOf(places: readonly string[]): FailedLoad | undefined {
    for (const place of places) {
      const failure = this.#failures.get(this.#fleet.places.get(place)?.replica ?? '');
      if (failure !== undefined) return { place, failure };
    }
    return undefined;
  }

  #watching(backend: Backend | undefined, event: RouteEvent): void {
    const before = backend?.circuit;
    this.#tell(event);
    if (backend === undefined || backend.circuit === before) return;
    if (backend.circuit.state === 'open')
      this.#listener.onDown(backend.url, backend.circuit.nextProbeMs, before?.state === 'closed');
    else this.#listener.onUp(backend.url);
  }
}
