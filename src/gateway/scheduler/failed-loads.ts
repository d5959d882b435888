import type { ServerFailure } from '../exchange.ts';
import type { Fleet } from '../route/fleet.ts';
import type { FailedLoad } from './on-decision.ts';

/** Failures of the last load, by replica; a load that succeeds removes its entry. */
export class FailedLoads {
  readonly #fleet: Pick<Fleet, 'replicas' | 'deployments'>;
  readonly #failures = new Map<string, ServerFailure>();

  constructor(fleet: Pick<Fleet, 'replicas' | 'deployments'>) {
    this.#fleet = fleet;
  }

  /** A load has ended. */
  ended(replica: string, failure: ServerFailure | undefined): void {
    if (failure === undefined) this.#failures.delete(replica);
    else if (this.#fleet.replicas.has(replica)) this.#failures.set(replica, failure);
  }

  /** Forgets the replicas that the fleet has no more. */
  prune(): void {
    for (const replica of this.#failures.keys()) if (!this.#fleet.replicas.has(replica)) this.#failures.delete(replica);
  }

  /** The first failure for one of these deployments. */
  of(deployments: readonly string[]): FailedLoad | undefined {
    for (const deployment of deployments) {
      const failure = this.#failures.get(this.#fleet.deployments.get(deployment)?.replica ?? '');
      if (failure !== undefined) return { deployment, failure };
    }
    return undefined;
  }
}
