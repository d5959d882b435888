import type { Observation, SlotRequest } from '../../gateway/route/event.ts';
import type { Fleet, Lease } from '../../gateway/route/fleet.ts';
import { policyFor } from '../../gateway/route/policies.ts';
import type { Policy } from '../../gateway/route/policy.ts';
import { createFleet } from '../../gateway/route/reconfigure.ts';
import { route } from '../../gateway/route/router.ts';
import { untracedEvent, type PolicySettings, type TracedStep } from '../../gateway/route/trace.ts';
import type { Trace } from '../../gateway/route/trace-reader.ts';

/** A request of a trace, over all of its attempts. Times are ms of the trace. */
export interface RecordedRequest {
  readonly slotRequest: SlotRequest;
  readonly sentMs: number;
  firstMs: number | undefined;
  endMs: number | undefined;
  outcome: 'served' | 'refused' | 'left' | 'failed' | undefined;
  observation: Observation | undefined;
  /** Its attempt has ended without an answer: the next arrival of its alias and time is the same request, also of a batch, which is no retry. */
  isOpen: boolean;
}

/** The course of a trace: its requests, loads and failures of servers, and what routing had learned at the end. */
export interface Recorded {
  readonly fleet: Fleet;
  readonly policy: PolicySettings;
  readonly requests: readonly RecordedRequest[];
  /** Models that were loaded, by alias of no request, with their times. */
  readonly loads: readonly { readonly model: string; readonly atMs: number }[];
  readonly outages: readonly { readonly backend: string; readonly atMs: number; readonly isUp: boolean }[];
  /** The most models that a server listed together. */
  readonly mostListed: ReadonlyMap<string, number>;
  readonly fromMs: number;
  readonly untilMs: number;
  /** The first event, from 0, after which this hxllm decides otherwise than the one that recorded. */
  readonly otherFrom: number | undefined;
}

/** Drives `route()` with the events of a trace, as the gateway did. */
export function recordedOf({ header, steps }: Trace): Recorded {
  return new Recording(header.policy, createFleet(header.spec)).run(steps);
}

class Recording {
  readonly #fleet: Fleet;
  #settings: PolicySettings;
  #policy: Policy;
  #numbers: number[] = [];
  readonly #leases = new Map<string, Lease>();
  /** Of waiters and leases, by the id of the attempt; and by alias and time, which all attempts share. */
  readonly #byAttempt = new Map<string, RecordedRequest>();
  readonly #byArrival = new Map<string, RecordedRequest>();
  readonly #loads: { model: string; atMs: number }[] = [];
  readonly #outages: { backend: string; atMs: number; isUp: boolean }[] = [];
  readonly #mostListed = new Map<string, number>();

  constructor(settings: PolicySettings, fleet: Fleet) {
    this.#fleet = fleet;
    this.#settings = settings;
    this.#policy = this.#policyOf(settings);
  }

  run(steps: readonly TracedStep[]): Recorded {
    let otherFrom: number | undefined;
    for (const [index, step] of steps.entries()) if (!this.#step(step)) otherFrom ??= index;
    return {
      fleet: this.#fleet,
      policy: this.#settings,
      requests: [...this.#byArrival.values()],
      loads: this.#loads,
      outages: this.#outages,
      mostListed: this.#mostListed,
      fromMs: steps[0]?.t ?? 0,
      untilMs: steps.at(-1)?.t ?? 0,
      otherFrom,
    };
  }

  // Decisions of the trace count, also where this version decides otherwise.
  #step({ t, event, random = [], decisions = [] }: TracedStep): boolean {
    if (event.kind === 'reconfigured') {
      this.#settings = event.policy;
      this.#policy = this.#policyOf(event.policy);
    }
    const requestOf = (id: string): RecordedRequest | undefined => this.#byAttempt.get(id);
    if (event.kind === 'arrived') this.#arrive(event.request, event, t);
    else if (event.kind === 'left') settle(requestOf(event.request), 'left', t);
    else if (event.kind === 'started') {
      const request = requestOf(event.lease);
      if (request !== undefined) request.firstMs ??= t;
    } else if (event.kind === 'released') {
      const request = requestOf(event.lease);
      if (request !== undefined) {
        request.observation = event.observation ?? request.observation;
        request.isOpen = event.result !== 'answered' && event.result !== 'cancelled';
      }
      settle(request, event.result === 'answered' ? 'served' : event.result === 'cancelled' ? 'left' : 'failed', t);
    } else if (event.kind === 'listed') {
      const { backend, listing } = event;
      this.#mostListed.set(backend, Math.max(this.#mostListed.get(backend) ?? 0, listing.models.length));
    }
    for (const decision of decisions) {
      if ('reject' in decision) settle(requestOf(decision.reject), 'refused', t);
      else if ('load' in decision)
        this.#loads.push({ model: this.#fleet.replicas.get(decision.load)?.model ?? decision.load, atMs: t });
    }
    const known = untracedEvent(event, this.#leases);
    if (known === undefined) return false;
    this.#numbers = [...random];
    const before = new Map([...this.#fleet.backends.values()].map((backend) => [backend, backend.circuit.state]));
    const made = route(this.#fleet, this.#policy, known, t);
    for (const { url, circuit } of this.#fleet.backends.values()) {
      const backend = this.#fleet.backends.get(url);
      const was = backend === undefined ? undefined : before.get(backend);
      if (was !== undefined && was !== circuit.state)
        this.#outages.push({ backend: url, atMs: t, isUp: circuit.state === 'closed' });
    }
    let given = 0;
    for (const decision of made)
      if (decision.kind === 'assign') {
        const { request, lease } = decision;
        this.#leases.set(request, lease);
        if (decisions.some((one) => 'assign' in one && one.assign === request && one.to === lease.deployment.id))
          given += 1;
      }
    if (event.kind === 'released') this.#leases.delete(event.lease);
    return made.length === decisions.length && given === decisions.filter((one) => 'assign' in one).length;
  }

  #arrive(id: string, slotRequest: SlotRequest, t: number): void {
    const key = `${slotRequest.queue} ${String(slotRequest.sinceMs)}`;
    const last = this.#byArrival.get(key);
    const known = slotRequest.isRetry || last?.isOpen === true ? last : undefined;
    const request: RecordedRequest = known ?? {
      slotRequest,
      sentMs: Math.min(t, slotRequest.sinceMs),
      firstMs: undefined,
      endMs: undefined,
      outcome: undefined,
      observation: undefined,
      isOpen: false,
    };
    request.outcome = undefined;
    request.endMs = undefined;
    request.isOpen = false;
    this.#byAttempt.set(id, request);
    this.#byArrival.set(known === undefined && this.#byArrival.has(key) ? `${key} ${id}` : key, request);
  }

  #policyOf({ strategy, ...settings }: PolicySettings): Policy {
    return policyFor(strategy, { ...settings, random: () => this.#numbers.shift() ?? 0.5 });
  }
}

function settle(request: RecordedRequest | undefined, outcome: RecordedRequest['outcome'], t: number): void {
  if (request !== undefined) Object.assign(request, { outcome, endMs: t });
}
