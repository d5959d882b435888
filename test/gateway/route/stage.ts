import assert from 'node:assert/strict';
import type {
  Assignment,
  Decision,
  AttemptResult,
  Rejection,
  RouteEvent,
  Observation,
  SlotRequest,
} from '../../../src/gateway/route/event.ts';
import type { Fleet, Lease } from '../../../src/gateway/route/fleet.ts';
import type { FleetSpec } from '../../../src/gateway/route/fleet-spec.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { policyFor } from '../../../src/gateway/route/policies.ts';
import type { Policy } from '../../../src/gateway/route/policy.ts';
import type { Work } from '../../../src/gateway/route/work.ts';
import { route } from '../../../src/gateway/route/router.ts';
import { CheckedRouting } from './invariants.ts';

const random = (): number => 0.5;

/** The policy of `least-busy`, without randomness. */
export const POLICY: Policy = policyFor('least-busy', {
  longestQueue: 1000,
  allowedFails: 3,
  cooldownMs: 5000,
  random,
});

/** The rates of a backend in the tests of `fleet`, tokens a second. */
export const RATES = { prefill: 3500, decode: 95, samples: 10 };

/** The work of a request in them. */
export function work(more: Partial<Work> = {}): Work {
  return { promptTokens: 300, maxTokens: 200, prefix: [], key: 'k', user: undefined, batch: false, ...more };
}

/** The policy of `fleet`. */
export const FLEET_POLICY: Policy = policyFor('fleet', {
  longestQueue: 1000,
  allowedFails: 3,
  cooldownMs: 5000,
  random,
});

/** A fleet with the model `m` on each of these backends, which load and queue by themselves. */
export function planOf(...backends: readonly string[]): FleetSpec {
  return {
    backends: backends.map((url) => ({ url, managed: false, slots: undefined })),
    deployments: backends.map((backend) => ({
      id: `m@${backend}`,
      backend,
      weight: 1,
      model: 'm',
      runnerKey: '[]',
      single: false,
    })),
  };
}

/** The same with backends whose models the gateway loads, with a number of slots; `undefined`: unknown. */
export function managedFleet(
  slots: number | undefined,
  backends: readonly string[],
  models: readonly string[] = ['m'],
): FleetSpec {
  return {
    backends: backends.map((url) => ({ url, managed: true, slots })),
    deployments: backends.flatMap((backend) =>
      models.map((model) => ({ id: `${model}@${backend}`, backend, weight: 1, model, runnerKey: '[]', single: false })),
    ),
  };
}

/** A fleet, its events and their decisions. */
export class Stage {
  readonly fleet: Fleet;
  readonly policy: Policy;
  readonly decisions: Decision[] = [];
  nowMs = 0;
  /** Called before each event. */
  before: ((fleet: Fleet) => void) | undefined;
  readonly #checked: CheckedRouting | undefined;
  readonly #leases = new Map<string, Lease>();
  #asked = 0;

  /**
   * `isChecked`: the invariants of routing are asserted after each event. `tries`: one request more than the stated slots may be sent; else
   * a stated number is kept, as most tests want it.
   */
  constructor(spec: FleetSpec, policy: Policy = POLICY, isChecked = false, tries = false) {
    this.fleet = createFleet(spec);
    this.policy = policy;
    this.#checked = isChecked ? new CheckedRouting(this.fleet, policy) : undefined;
    if (tries) return;
    for (const { slots } of this.fleet.replicas.values())
      if (slots.stated !== undefined) slots.nextTrialMs = Number.POSITIVE_INFINITY;
  }

  /** Applies an event and returns its decisions. */
  apply(event: RouteEvent): readonly Decision[] {
    this.before?.(this.fleet);
    const decisions = this.#checked?.apply(event, this.nowMs) ?? route(this.fleet, this.policy, event, this.nowMs);
    this.decisions.push(...decisions);
    for (const decision of decisions)
      if (decision.kind === 'assign') this.#leases.set(decision.request, decision.lease);
    return decisions;
  }

  /** A request arrives; returns its id. */
  arrive(more: Partial<SlotRequest> = {}): string {
    const request = `r${String((this.#asked += 1))}`;
    this.apply({
      kind: 'arrived',
      request,
      queue: 'm',
      deployments: [...this.fleet.deployments.keys()].filter((id) => id.startsWith('m@')),
      tried: [],
      isRetry: more.tried !== undefined,
      sinceMs: this.nowMs,
      maxWaitMs: 60_000,
      untilMs: Number.POSITIVE_INFINITY,
      loadedMs: 0,
      ...more,
    });
    return request;
  }

  release(request: string, result: AttemptResult = 'answered', observation?: Observation): readonly Decision[] {
    const lease = this.leaseOf(request);
    return this.apply({ kind: 'released', lease, result, ...(observation === undefined ? {} : { observation }) });
  }

  start(request: string): readonly Decision[] {
    return this.apply({ kind: 'started', lease: this.leaseOf(request) });
  }

  /** Time passes, with ticks while they are wanted. */
  pass(ms: number): void {
    const endMs = this.nowMs + ms;
    while (this.nowMs < endMs) {
      this.nowMs = Math.min(endMs, this.nowMs + 100);
      this.apply({ kind: 'ticked' });
    }
  }

  /** Ends every load that is in progress; later loads go on. */
  load(result: AttemptResult = 'answered'): void {
    for (const replica of [...this.fleet.replicas.values()].filter(({ load }) => load !== undefined))
      this.apply({ kind: 'loaded', replica: replica.id, result });
  }

  /** A backend lists the models in its memory. */
  list(backend: string, ...names: readonly string[]): void {
    this.apply({
      kind: 'listed',
      backend,
      listing: { models: names.map((name) => ({ name, context: 4096, family: undefined })), askedMs: this.nowMs },
    });
  }

  /** Loads every model into memory. */
  warm(): void {
    for (const deployment of this.fleet.deployments.values()) {
      const request = this.arrive({ queue: deployment.id, deployments: [deployment.id] });
      this.load();
      this.release(request);
    }
    this.decisions.length = 0;
  }

  /** The deployment of a request, now or before its end. */
  leaseOf(request: string): Lease {
    const lease = this.#leases.get(request);
    assert.ok(lease !== undefined, `${request} has no lease`);
    return lease;
  }

  /** The decision about a request. */
  decisionFor(request: string): Assignment | Rejection | undefined {
    return this.decisions.find(
      (decision): decision is Assignment | Rejection => 'request' in decision && decision.request === request,
    );
  }

  /** The backend of a request; `reject` or `waits` if it has none. */
  outcomeOf(request: string): string {
    const decision = this.decisionFor(request);
    return decision === undefined ? 'waits' : decision.kind === 'assign' ? decision.lease.deployment.id : 'reject';
  }

  get loads(): readonly string[] {
    return this.decisions.flatMap((decision) => (decision.kind === 'load' ? [decision.deployment] : []));
  }

  get unloads(): readonly string[] {
    return this.decisions.flatMap((decision) => (decision.kind === 'unload' ? [decision.model] : []));
  }
}
