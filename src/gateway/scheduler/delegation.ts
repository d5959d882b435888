import type { Decision, Rejection, RouteEvent } from '../route/event.ts';
import type { Fleet, Lease } from '../route/fleet.ts';
import { waitersFor } from '../route/hand-over.ts';
import type { ForeignFacts, Holding } from '../route/holding.ts';
import type { Decider } from './decider.ts';
import type { Holders } from './holders.ts';
import type { FailedLoad, OnDecision, PendingDecision } from './on-decision.ts';

/** The parts of a scheduler that its delegation uses. */
export interface DelegationOptions {
  readonly fleet: Fleet;
  readonly now: () => number;
  readonly holders: Holders;
  readonly pending: Map<string, PendingDecision>;
  readonly apply: (event: RouteEvent) => void;
  readonly route: (event: RouteEvent) => readonly Decision[];
  readonly carryOut: (decision: Decision) => void;
}

/**
 * The part of a scheduler about other instances of the gateway: one of them decides for all. Requests that wait for another one's decision
 * stand in the queues here all the same, so that nothing is lost when this one has to decide again.
 */
export class Delegation {
  readonly #options: DelegationOptions;
  /** Set while another instance decides, and hears what happens here. A plain field, since every request reads it. */
  decider: Decider | undefined;

  constructor(options: DelegationOptions) {
    this.#options = options;
  }

  /**
   * Another instance decides from now on; without a `decider` nothing is decided at all. `undefined`: this one decides, also about the
   * requests that wait.
   */
  delegate(to: { readonly decider: Decider | undefined } | undefined): void {
    const { fleet, apply } = this.#options;
    this.decider = to?.decider;
    if (fleet.isDelegated !== (to !== undefined)) apply({ kind: 'delegated', isOn: to !== undefined });
  }

  /** The requests that wait, as they would ask another instance. */
  waiters(): ReturnType<typeof waitersFor> {
    return waitersFor(this.#options.fleet, this.#options.now());
  }

  /** Another instance tells what it knows. */
  learn(facts: ForeignFacts): void {
    this.#options.apply({ kind: 'told', facts });
  }

  /** The deciding instance has given a slot to a request that waits here. `false`: the request does not wait, or cannot use it. */
  granted(holding: Holding): boolean {
    const { pending, route, carryOut } = this.#options;
    if (!pending.has(holding.request)) return false;
    const decisions = route({ kind: 'adopted', ...holding });
    for (const decision of decisions) carryOut(decision);
    return decisions.length > 0;
  }

  /** The deciding instance has rejected a request that waits here. */
  rejected(rejection: Rejection, failedLoad: FailedLoad | undefined): void {
    const { pending, apply } = this.#options;
    const own = pending.get(rejection.request);
    pending.delete(rejection.request);
    apply({ kind: 'left', request: rejection.request });
    own?.onDecision(rejection, failedLoad);
  }

  /** The deciding instance takes a request back that has not begun. */
  recalled(request: string): void {
    this.#options.holders.recall((lease) => lease.request === request);
  }

  /** A request of another instance has a slot already; `onDecision` takes a recall. Its lease is released as any other. */
  adopt(holding: Holding, onDecision: OnDecision): Lease | undefined {
    const { route, holders, carryOut } = this.#options;
    let lease: Lease | undefined;
    for (const decision of route({ kind: 'adopted', ...holding }))
      if (decision.kind === 'assign' && decision.request === holding.request) lease = decision.lease;
      else carryOut(decision);
    if (lease !== undefined && !holding.started) holders.add(lease, onDecision);
    return lease;
  }
}
