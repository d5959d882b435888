import type { Decision, Ending } from './route/event.ts';
import type { Fleet, FleetPlan } from './route/fleet.ts';
import { route, type Policy } from './route/router.ts';

/** Told once what became of a request that wanted a place. */
export type Answer = (decision: Decision) => void;

/** What a desk tells of servers. */
export interface DeskListener {
  /** A server may not be used, and wants to be asked at that time whether it lives again; `isNew` unless that was known. */
  onDown(backend: string, nextProbeMs: number, isNew: boolean): void;
  onUp(backend: string): void;
}

/** Where requests ask for a place: gives events to routing, and its decisions to whom they concern. */
export class Desk {
  readonly #fleet: Fleet;
  #policy: Policy;
  readonly #now: () => number;
  readonly #listener: DeskListener;
  readonly #waiting = new Map<string, Answer>();
  #asked = 0;

  constructor(fleet: Fleet, policy: Policy, now: () => number, listener: DeskListener) {
    this.#fleet = fleet;
    this.#policy = policy;
    this.#now = now;
    this.#listener = listener;
  }

  /** What routing knows, for those who show it. */
  get fleet(): Fleet {
    return this.#fleet;
  }

  /** Requests in flight, in all. */
  get inFlight(): number {
    return [...this.#fleet.backends.values()].reduce((sum, backend) => sum + backend.inFlight, 0);
  }

  /** Asks for one of `places`, not for those in `tried`. */
  ask(places: readonly string[], tried: readonly string[], answer: Answer): void {
    this.#asked += 1;
    const request = String(this.#asked);
    const decisions = route(this.#fleet, this.#policy, { kind: 'arrived', request, places, tried }, this.#now());
    const own = decisions.find((decision) => decision.request === request);
    // Only those that do wait go into the Map: one that is written to with every request outgrows its tables quickly, and V8 keeps
    // outgrown tables, with all that was in them, until its next full collection.
    if (own === undefined) this.#waiting.set(request, answer);
    this.#apply(decisions);
    if (own !== undefined) answer(own);
  }

  /** Gives a place back; once for each that was given. */
  release(place: string, how: Ending): void {
    const backend = this.#fleet.places.get(place)?.backend;
    this.#watching(backend, () => {
      this.#apply(route(this.#fleet, this.#policy, { kind: 'released', place, how }, this.#now()));
    });
  }

  /** A server was asked whether it lives. */
  probed(backend: string, alive: boolean): void {
    this.#watching(backend, () => {
      this.#apply(route(this.#fleet, this.#policy, { kind: 'probed', backend, alive }, this.#now()));
    });
  }

  /** Another configuration holds from now on; requests in flight stay counted. */
  replan(plan: FleetPlan, policy: Policy): void {
    this.#policy = policy;
    this.#apply(route(this.#fleet, policy, { kind: 'replanned', plan }, this.#now()));
  }

  #apply(decisions: readonly Decision[]): void {
    for (const decision of decisions) {
      const answer = this.#waiting.get(decision.request);
      this.#waiting.delete(decision.request);
      answer?.(decision);
    }
  }

  #watching(url: string | undefined, change: () => void): void {
    const backend = url === undefined ? undefined : this.#fleet.backends.get(url);
    const before = backend?.circuit;
    change();
    if (backend === undefined || backend.circuit === before) return;
    if (backend.circuit.state === 'open') this.#listener.onDown(backend.url, backend.circuit.nextProbeMs, before?.state === 'closed');
    else this.#listener.onUp(backend.url);
  }
}
