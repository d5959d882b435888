import { isSameModel } from '../../core/model-name.ts';
import type { Backend, Fleet } from '../route/fleet.ts';
import type { Listing } from '../route/residency.ts';
import { gauge, type Metric, type Sample } from './metric.ts';

/** Failures of backends, and the memory of their models as they listed it last. */
export class BackendMetrics {
  readonly #fleet: () => Fleet;
  readonly #opens = new Map<string, number>();
  readonly #listings = new Map<string, Listing>();
  readonly metrics: readonly Metric[];

  constructor(fleet: () => Fleet) {
    this.#fleet = fleet;
    this.metrics = [
      gauge(
        {
          name: 'hxllm_backend_opens_total',
          help: 'How often a backend was taken out of use after a failure.',
          labelNames: ['backend'],
        },
        () => this.#backends(({ url }) => this.#opens.get(url) ?? 0),
        'counter',
      ),
      gauge(
        {
          name: 'hxllm_backend_vram_bytes',
          help: 'VRAM of all models that a backend lists; absent if it does not say, or is down.',
          labelNames: ['backend'],
        },
        () => this.#backends((backend) => vramOf(this.#listingOf(backend))),
      ),
      gauge(
        {
          name: 'hxllm_model_vram_bytes',
          help: 'VRAM of a configured model that its backend lists.',
          labelNames: ['backend', 'server_model'],
        },
        () => this.#models(),
      ),
    ];
  }

  /** A backend is out of use. */
  opened(backend: string): void {
    this.#opens.set(backend, (this.#opens.get(backend) ?? 0) + 1);
  }

  /** A backend has listed the models in its memory. */
  listed(backend: string, listing: Listing): void {
    this.#listings.set(backend, listing);
  }

  /** Forgets the backends that the fleet has no more. */
  prune(): void {
    for (const known of [this.#opens, this.#listings])
      for (const url of known.keys()) if (!this.#fleet().backends.has(url)) known.delete(url);
  }

  #listingOf({ url, circuit }: Backend): Listing | undefined {
    return circuit.state === 'closed' ? this.#listings.get(url) : undefined;
  }

  #backends(of: (backend: Backend) => number | undefined): readonly Sample[] {
    return [...this.#fleet().backends.values()].flatMap((backend) => {
      const value = of(backend);
      return value === undefined ? [] : [{ labels: [backend.url], value }];
    });
  }

  /** Others than configured models have any names. */
  #models(): readonly Sample[] {
    const { backends, replicas } = this.#fleet();
    return [...replicas.values()].flatMap(({ backend: url, model }) => {
      const backend = backends.get(url);
      const listing = backend === undefined ? undefined : this.#listingOf(backend);
      const bytes = listing?.models.find(({ name }) => isSameModel(name, model))?.vramBytes;
      return bytes === undefined ? [] : [{ labels: [url, model], value: bytes }];
    });
  }
}

function vramOf(listing: Listing | undefined): number | undefined {
  const known = listing?.models.flatMap(({ vramBytes }) => vramBytes ?? []) ?? [];
  return known.length === 0 && listing?.models.length !== 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0);
}
