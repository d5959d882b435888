import { isDoubted } from '../../gateway/route/circuit.ts';
import type {
  Assignment,
  AttemptResult,
  Decision,
  Observation,
  Recall,
  Rejection,
  RouteEvent,
  SlotRequest,
} from '../../gateway/route/event.ts';
import type { Backend, Fleet, Lease } from '../../gateway/route/fleet.ts';
import type { FleetSpec } from '../../gateway/route/fleet-spec.ts';
import { createFleet } from '../../gateway/route/reconfigure.ts';
import type { Policy } from '../../gateway/route/policy.ts';
import { route } from '../../gateway/route/router.ts';
import type { Clock } from '../clock.ts';

const TICK_MS = 100;

/** The decision about a request, called once, and once more with a recall. */
export type OnSlot = (decision: Assignment | Rejection | Recall) => void;

/** Carries out decisions that concern servers, as the scheduler's effects do. */
export interface SimEffects {
  onLoad(replica: string, deployment: string): void;
  onUnload(backend: string, model: string): void;
  onDown(backend: string, nextProbeMs: number): void;
  onUp(backend: string): void;
  onDoubt(backend: string): void;
  /** An event, with its decisions, before they are carried out. */
  readonly onRouted?: OnRouted | undefined;
}

/** Sees every event of routing, as a trace has it. */
export type OnRouted = (event: RouteEvent, decisions: readonly Decision[], nowMs: number) => void;

/** The scheduler in virtual time: the same events for `route()`, the same effects, and ticks while they are wanted. */
export class SimScheduler {
  readonly fleet: Fleet;
  readonly #policy: Policy;
  readonly #clock: Clock;
  readonly #effects: SimEffects;
  readonly #pending = new Map<string, OnSlot>();
  readonly #trials = new Map<string, OnSlot>();
  readonly #awaitingProbe = new Map<string, ((isUp: boolean) => void)[]>();
  #requests = 0;
  #isTicking = false;

  constructor(spec: FleetSpec, policy: Policy, clock: Clock, effects: SimEffects) {
    this.fleet = createFleet(spec);
    this.#policy = policy;
    this.#clock = clock;
    this.#effects = effects;
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#pending.size;
  }

  /** Asks for a slot, and returns a ticket to leave with. */
  acquire(slotRequest: SlotRequest, onSlot: OnSlot): string {
    this.#requests += 1;
    const request = `r${String(this.#requests)}`;
    this.#pending.set(request, onSlot);
    this.#apply({ kind: 'arrived', request, ...slotRequest });
    return request;
  }

  cancel(ticket: string): void {
    if (this.#pending.delete(ticket)) this.#apply({ kind: 'left', request: ticket });
  }

  started(lease: Lease): void {
    this.#apply({ kind: 'started', lease });
  }

  release(lease: Lease, result: AttemptResult, observation: Observation): void {
    this.#trials.delete(lease.request);
    this.#applyWithCircuit(lease.backend, { kind: 'released', lease, result, observation });
  }

  probed(url: string, alive: boolean): void {
    this.#applyWithCircuit(this.fleet.backends.get(url), { kind: 'probed', backend: url, alive });
    const waiting = this.#awaitingProbe.get(url) ?? [];
    this.#awaitingProbe.delete(url);
    for (const onProbed of waiting) onProbed(alive);
  }

  /** Calls back when it is known whether a server is up. */
  whenProbed(url: string, onProbed: (isUp: boolean) => void): void {
    const circuit = this.fleet.backends.get(url)?.circuit;
    if (circuit === undefined || !isDoubted(circuit)) onProbed(circuit?.state !== 'open');
    else this.#awaitingProbe.set(url, [...(this.#awaitingProbe.get(url) ?? []), onProbed]);
  }

  /** A server has listed the models in its memory. */
  listed(backend: string, names: readonly string[]): void {
    const models = names.map((name) => ({ name, context: 4096, family: undefined }));
    this.#apply({ kind: 'listed', backend, listing: { models, askedMs: this.#clock.nowMs } });
  }

  loaded(replica: string, result: AttemptResult): void {
    const backend = this.fleet.backends.get(this.fleet.replicas.get(replica)?.backend ?? '');
    this.#applyWithCircuit(backend, { kind: 'loaded', replica, result });
  }

  /** Whether a load runs on a server, as far as routing knows. */
  isLoading(url: string): boolean {
    const backend = this.fleet.backends.get(url);
    return backend?.loading !== undefined || backend?.implicitLoad !== undefined;
  }

  #apply(event: RouteEvent): void {
    const decisions = route(this.fleet, this.#policy, event, this.#clock.nowMs);
    this.#effects.onRouted?.(event, decisions, this.#clock.nowMs);
    for (const decision of decisions) this.#carryOut(decision);
    this.#tickLater();
  }

  #tickLater(): void {
    if (this.#isTicking || !this.fleet.tickWanted) return;
    this.#isTicking = true;
    this.#clock.in(TICK_MS, () => {
      this.#isTicking = false;
      this.#apply({ kind: 'ticked' });
    });
  }

  #carryOut(decision: Decision): void {
    if (decision.kind === 'load') this.#effects.onLoad(decision.replica, decision.deployment);
    else if (decision.kind === 'unload') this.#effects.onUnload(decision.backend, decision.model);
    // A simulated server loses no slot.
    else if (decision.kind === 'test') this.#apply({ kind: 'tested', replica: decision.replica });
    else if (decision.kind === 'recall-all') throw new Error(`${decision.replica} is said to have lost its slots`);
    else if (decision.kind === 'recall') this.#trials.get(decision.trial)?.(decision);
    else {
      const onSlot = this.#pending.get(decision.request);
      if (onSlot === undefined) throw new Error(`${decision.request} got a second decision: ${decision.kind}`);
      this.#pending.delete(decision.request);
      if (decision.kind === 'assign') this.#trials.set(decision.request, onSlot);
      onSlot(decision);
    }
  }

  #applyWithCircuit(backend: Backend | undefined, event: RouteEvent): void {
    const before = backend?.circuit;
    this.#apply(event);
    if (backend === undefined || backend.circuit === before) return;
    if (backend.circuit.state === 'open') this.#effects.onDown(backend.url, backend.circuit.nextProbeMs);
    else if (isDoubted(backend.circuit)) this.#effects.onDoubt(backend.url);
    else this.#effects.onUp(backend.url);
  }
}
