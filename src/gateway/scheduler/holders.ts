import type { Lease } from '../route/fleet.ts';
import type { OnDecision } from './on-decision.ts';

/**
 * The requests that have a slot and have not begun, in the order of their assignments. Lists, since a `Map` that changes with each request
 * makes V8 keep every lease until a full garbage collection: the tables that it outgrows go on pointing to what they held (15 KB a request).
 */
export class Holders {
  readonly #leases: Lease[] = [];
  readonly #callbacks: OnDecision[] = [];

  /** A request has a slot; `onDecision` takes a recall. */
  add(lease: Lease, onDecision: OnDecision): void {
    this.#leases.push(lease);
    this.#callbacks.push(onDecision);
  }

  /** A request has begun, or has ended. */
  remove(lease: Lease): void {
    const at = this.#leases.indexOf(lease);
    if (at === -1) return;
    this.#leases.splice(at, 1);
    this.#callbacks.splice(at, 1);
  }

  /** Recalls requests; each asks for a slot again at once. */
  recall(isMeant: (lease: Lease) => boolean): void {
    const callbacks = this.#callbacks.slice();
    for (const [index, lease] of this.#leases.slice().entries())
      if (isMeant(lease) && this.#leases.includes(lease))
        callbacks[index]?.({ kind: 'recall', trial: lease.request }, undefined);
  }
}
