import assert from 'node:assert/strict';
import { candidatesOf, isUp, isWarm } from '../../../src/gateway/route/candidate.ts';
import { isDoubted } from '../../../src/gateway/route/circuit.ts';
import type { Assignment, Decision, Recall, Rejection, RouteEvent } from '../../../src/gateway/route/event.ts';
import type { Backend, Fleet, Lease } from '../../../src/gateway/route/fleet.ts';
import type { Policy } from '../../../src/gateway/route/policy.ts';
import { firstWaiters, queueLength, type Queue } from '../../../src/gateway/route/queue.ts';
import { decodeRate, prefillRate } from '../../../src/gateway/route/rates.ts';
import { hasRoom, type Replica } from '../../../src/gateway/route/replica.ts';
import { isReady } from '../../../src/gateway/route/residency.ts';
import { checkOrder } from './order-invariants.ts';
import { route } from '../../../src/gateway/route/router.ts';

const LONGEST_RETRY_AFTER_MS = 60_000;
/** A model without a request for so long is not in use, ms. */
const UNUSED_MS = 600_000;
/** Counters are summed up after decisions, and after so many events without one. */
const CHECKED_EVENTS = 16;

/**
 * Drives `route()` and asserts the invariants of routing:
 *
 * 1. No replica gets a request beyond its slots, apart from one trial of learned slots; abandoned prefills count.
 * 2. Each lease is released once, and counters equal the leases that are not released.
 * 3. A request goes to a backend that is up and not doubted, which holds the model with the right options, and not to a model that has
 *    to go.
 * 4. A load has a cause: a waiter that no free slot can take, or, while nobody waits, room for it. A backend has one load at a time.
 * 5. A late request never goes before one that can still begin in time (`fleet`).
 * 6. Of the requests that can all begin in time, the caller goes first that has had least, of even ones the request that is due first (`fleet`).
 * 7. A request gets one decision, and none after it has left.
 * 8. The only copy of a model for which requests wait goes after every model of that backend that is not in use (`fleet`).
 * 9. Rates are positive and finite, and a rejection says 1 to 60 s.
 * 10. A request is taken back before it has begun; as overdue only once, and while another server has a free slot for it.
 */
export class CheckedRouting {
  readonly fleet: Fleet;
  readonly #leases = new Set<Lease>();
  readonly #waiting = new Set<string>();
  #policy: Policy;
  #events = 0;

  constructor(fleet: Fleet, policy: Policy) {
    this.fleet = fleet;
    this.#policy = checkedPolicy(policy);
  }

  /** Another configuration holds from the next event on. */
  use(policy: Policy): void {
    this.#policy = checkedPolicy(policy);
  }

  /** Leases that are not released. */
  get leases(): ReadonlySet<Lease> {
    return this.#leases;
  }

  apply(event: RouteEvent, nowMs: number): readonly Decision[] {
    const { fleet } = this;
    if (event.kind === 'arrived') {
      assert.ok(!this.#waiting.has(event.request), `${event.request} arrives while it waits`);
      this.#waiting.add(event.request);
    } else if (event.kind === 'left') this.#waiting.delete(event.request);
    const victims = new Map([...fleet.makingRoom].map((backend) => [backend, backend.makingRoom]));
    const held = new Set([...fleet.heldLoads.keys(), ...[...victims.values()].map((room) => room?.replica.id)]);
    const decisions = route(fleet, this.#policy, event, nowMs);
    if (event.kind === 'released') this.#leases.delete(event.lease);
    for (const decision of decisions) {
      if (decision.kind === 'assign' || decision.kind === 'reject') this.#settle(decision);
      if (decision.kind === 'assign') {
        this.#leases.add(decision.lease);
        const { backend, replica } = decision.lease;
        const before = victims.get(backend);
        assert.ok(
          before?.victim !== replica || backend.makingRoom !== before,
          `${replica.id} gets a request while it has to go`,
        );
        checkPlace(decision.lease);
      } else if (decision.kind === 'recall') this.#checkRecall(decision, nowMs);
      else if (decision.kind === 'load') this.#checkLoad(event, decision, held.has(decision.replica), nowMs);
    }
    this.#events += 1;
    if (decisions.length > 0 || this.#events % CHECKED_EVENTS === 0) this.#checkCounters();
    return decisions;
  }

  #settle(decision: Assignment | Rejection): void {
    const { request } = decision;
    assert.ok(this.#waiting.delete(request), `${request} gets a decision that it did not ask for`);
    if (decision.kind === 'assign') return;
    const { retryAfterMs } = decision;
    assert.ok(retryAfterMs > 0 && retryAfterMs <= LONGEST_RETRY_AFTER_MS, `retry after ${String(retryAfterMs)} ms`);
  }

  #checkRecall({ trial: request }: Recall, nowMs: number): void {
    const lease = [...this.#leases].find((one) => one.request === request);
    assert.ok(lease !== undefined && !lease.started, `${request} is taken back, and has begun or ended`);
    const { unbegun, replica } = lease;
    if (unbegun === undefined) return;
    const others = candidatesOf(this.fleet, unbegun.deployments, [], nowMs).filter((one) => one.replica !== replica);
    assert.ok(
      others.some((one) => isWarm(one) && hasRoom(one.replica)),
      `${request} is taken back, and can go nowhere`,
    );
  }

  // A load that was held is sent for a waiter to whom no slot was given, though one may be free that is kept for others.
  #checkLoad(
    event: RouteEvent,
    { replica: replicaId, deployment: deploymentId }: Load,
    wasHeld: boolean,
    nowMs: number,
  ): void {
    const { fleet } = this;
    const replica = fleet.replicas.get(replicaId);
    const backend = fleet.backends.get(replica?.backend ?? '');
    assert.ok(replica?.load !== undefined && backend?.loading === replica.id, `${replicaId} is loaded beside another`);
    assert.ok(isUp(backend), `${replicaId} is loaded on a backend that is down`);
    const queue = fleet.queues.get(replica.load.queue ?? '');
    if (replica.load.queue !== undefined) {
      assert.ok(queue?.deployments.includes(deploymentId) === true, `${deploymentId} is loaded for nobody`);
      assert.ok(
        isNeeded(fleet, this.#policy, queue, { deployment: deploymentId, wasHeld }, nowMs),
        `${deploymentId} is loaded while a slot is free for it`,
      );
    } else if (event.kind !== 'resized') {
      const evictsNothing = replica.load.fits || backend.room !== undefined;
      assert.ok(evictsNothing, `${deploymentId} is loaded for nobody, and may evict a model`);
      assert.ok(event.kind === 'arrived' || fleet.waiting.size === 0, `${deploymentId} is loaded ahead of waiters`);
    }
  }

  #checkCounters(): void {
    const { fleet } = this;
    const inFlight = new Map<Replica | Backend, number>();
    let unbegun = 0;
    for (const lease of this.#leases) {
      const { replica, backend, released } = lease;
      assert.ok(!released);
      if (lease.unbegun !== undefined && !lease.started) unbegun += 1;
      for (const part of [replica, backend]) inFlight.set(part, (inFlight.get(part) ?? 0) + 1);
    }
    for (const part of [...fleet.replicas.values(), ...fleet.backends.values()])
      assert.equal(part.inFlight, inFlight.get(part) ?? 0);
    assert.equal(fleet.waiting.size, this.#waiting.size, 'no waiter is lost');
    for (const request of this.#waiting) if (!fleet.waiting.has(request)) assert.fail(`${request} is lost`);
    let queued = 0;
    for (const queue of fleet.queues.values()) queued += queueLength(queue);
    assert.equal(queued, this.#waiting.size);
    let watched = 0;
    for (const replica of fleet.ticks.unbegun) watched += replica.unbegun.length;
    assert.equal(watched, unbegun, 'each request that may be taken back is watched, and no other');
    for (const replica of fleet.replicas.values()) {
      for (const rate of [prefillRate(fleet, replica), decodeRate(fleet, replica)])
        assert.ok(Number.isFinite(rate) && rate > 0, replica.id);
    }
  }
}

type Load = Extract<Decision, { readonly kind: 'load' }>;

/** A policy whose answers are checked when they are given: the order of waiters, and the models that go for loads. */
export function checkedPolicy(policy: Policy): Policy {
  if (policy.strategy.name !== 'fleet') return policy;
  return {
    ...policy,
    *order(fleet, queue, nowMs) {
      for (const next of policy.order(fleet, queue, nowMs)) {
        if (!next.waiter.isRetry) checkOrder(fleet, queue, next, nowMs);
        yield next;
      }
    },
    nextLoad(fleet, look, nowMs) {
      const load = policy.nextLoad(fleet, look, nowMs);
      if (load?.victim !== undefined && load.victim !== load.replica)
        checkVictim(fleet, load.backend, load.victim, nowMs);
      return load;
    },
  };
}

function checkPlace({ deployment, backend, replica, request }: Lease): void {
  assert.ok(isUp(backend) && !isDoubted(backend.circuit), `${request} goes to a backend that is down or doubted`);
  assert.ok(
    isReady(replica.residency, deployment.runnerKey),
    `${request} goes to ${replica.id}, which is not in memory`,
  );
  const { slots, inFlight, abandonedPrefills } = replica;
  assert.ok(
    inFlight + abandonedPrefills.length <= slots.count + (slots.trial === undefined ? 0 : 1),
    `${replica.id} has ${String(inFlight)} requests on ${String(slots.count)} slots`,
  );
}

// Nothing is asked that remembers its answers: a checked run decides as an unchecked one.
function isNeeded(
  fleet: Fleet,
  policy: Policy,
  queue: Queue,
  { deployment, wasHeld }: { readonly deployment: string; readonly wasHeld: boolean },
  nowMs: number,
): boolean {
  for (const { tried } of firstWaiters(queue)) {
    const hasSlot = candidatesOf(fleet, queue.deployments, tried, nowMs).some(
      (one) =>
        isWarm(one) && hasRoom(one.replica) && nowMs >= one.replica.pausedUntilMs && !policy.yields(fleet, one, nowMs),
    );
    if ((wasHeld || !hasSlot) && !tried.includes(deployment)) return true;
  }
  return false;
}

function checkVictim(fleet: Fleet, backend: Backend, victim: Replica, nowMs: number): void {
  if (!isOnlyCopyWanted(fleet, victim, nowMs)) return;
  const spare = [...backend.replicas].find(
    (other) =>
      other !== victim &&
      other.residency.state === 'resident' &&
      nowMs - Math.max(other.usedMs, other.loadedMs) > UNUSED_MS &&
      !isWanted(fleet, other),
  );
  assert.equal(spare?.id, undefined, `${victim.id} has to go, for which requests wait`);
}

function isWanted({ queues, deployments }: Fleet, replica: Replica): boolean {
  return [...queues.values()].some((queue) =>
    queue.deployments.some((id) => deployments.get(id)?.replica === replica.id),
  );
}

/** Whether requests wait for a model that no other backend has in memory for them. */
function isOnlyCopyWanted(fleet: Fleet, replica: Replica, nowMs: number): boolean {
  for (const queue of fleet.queues.values()) {
    const warm = candidatesOf(fleet, queue.deployments, [], nowMs).filter(isWarm);
    if (warm.length > 0 && warm.every((one) => one.replica === replica && !hasRoom(replica))) return true;
  }
  return false;
}
