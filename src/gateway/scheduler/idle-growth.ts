import type { Deployment } from '../../schema/gateway-config.ts';
import type { Fleet } from '../route/fleet.ts';
import { replicaId } from '../route/replica.ts';
import { contextKey } from '../upstream/contexts.ts';

/** The parts that growth on idle servers needs. */
export interface IdleGrowthOptions {
  readonly fleet: Fleet;
  /** On the clock of routing, ms. */
  readonly now: () => number;
  /** Whether the context of a deployment is known: an absent model may have a longer one of its server's own. */
  readonly isKnown: (deployment: Deployment) => boolean;
  /** Makes the context of a deployment longer. */
  readonly grow: (deployment: Deployment, tokens: number) => void;
}

/** Whether a load would delay a request: not if the model is absent from memory, or its server is idle. */
export type Readiness = 'absent' | 'idle' | 'busy';

const PAUSE_MS = 250;
/** Between two looks for a moment in which nothing runs, ms. */
const FREE_PAUSE_MS = 20;
/** Time without work after which a server counts as idle, ms: the next request of a conversation comes soon. */
const IDLE_MS = 1000;

/** Waits until servers are idle, to make contexts longer there: a load would delay their requests. */
export class IdleGrowth {
  readonly #options: IdleGrowthOptions;
  readonly #wanted = new Map<string, { readonly deployment: Deployment; readonly tokens: number }>();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: IdleGrowthOptions) {
    this.#options = options;
  }

  /** Asks for a context of at least `tokens`. */
  want(deployment: Deployment, tokens: number): void {
    const key = contextKey(deployment);
    this.#wanted.set(key, { deployment, tokens: Math.max(tokens, this.#wanted.get(key)?.tokens ?? 0) });
    if (this.#closed) return;
    this.#timer ??= setInterval(() => {
      this.#look();
    }, PAUSE_MS).unref();
  }

  /** Whether a load for a deployment would wait for no request of its model. */
  isFree({ url, model }: Deployment): boolean {
    return (this.#options.fleet.replicas.get(replicaId(url, model))?.inFlight ?? 0) === 0;
  }

  /** Waits until a deployment is free; `false`: it is not by then, or nobody wants that any more. */
  async untilFree(deployment: Deployment, untilMs: number, isWanted: () => boolean): Promise<boolean> {
    while (isWanted() && !this.#closed && this.#options.now() < untilMs) {
      if (this.isFree(deployment)) return true;
      await new Promise((resolve) => {
        setTimeout(resolve, FREE_PAUSE_MS).unref();
      });
    }
    return false;
  }

  /** Whether a load for a deployment would delay a request. */
  readinessOf({ url, model }: Deployment): Readiness {
    const { fleet, now } = this.#options;
    const backend = fleet.backends.get(url);
    const state = fleet.replicas.get(replicaId(url, model))?.residency.state;
    if (backend === undefined || backend.circuit.state !== 'closed') return 'busy';
    if (state !== 'resident') return 'absent';
    const isLoading = backend.loading !== undefined || backend.implicitLoad !== undefined;
    const isWorking = backend.inFlight > 0 || now() - backend.idleSinceMs < IDLE_MS;
    return isLoading || isWorking || fleet.waiting.size > 0 ? 'busy' : 'idle';
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #look(): void {
    for (const [key, { deployment, tokens }] of this.#wanted) {
      const isThere = this.#options.fleet.backends.has(deployment.url);
      if (isThere && this.#hasToWait(deployment)) continue;
      this.#wanted.delete(key);
      if (isThere) this.#options.grow(deployment, tokens);
    }
    if (this.#wanted.size === 0) this.#stop();
  }

  #hasToWait(deployment: Deployment): boolean {
    const readiness = this.readinessOf(deployment);
    return readiness === 'busy' || (readiness === 'absent' && !this.#options.isKnown(deployment));
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
