import type { Deployment, GatewayConfig } from '../../schema/gateway-config.ts';
import type { ServerFailure } from '../exchange.ts';
import type { Log } from '../log.ts';
import type { AttemptResult, Unload } from '../route/event.ts';
import { LEAST_LOAD_MS } from '../route/loading.ts';
import { TEST_MS } from '../route/lost-slots.ts';
import { attemptResultOf } from './attempt-result.ts';
import type { Upstream } from '../upstream/upstream.ts';

/** The parts that a loader needs. */
export interface LoaderOptions {
  /** The current configuration. */
  readonly now: () => { readonly upstream: Upstream };
  readonly log: Log;
  /** Has another instance carry out a load whose deployment is not configured here; `false` if none can. */
  readonly onForeignLoad: (replica: string, deployment: string) => boolean;
  /** Whether the failure of a load is one of its context, which has gone back since. */
  readonly hasGoneBack: (deployment: Deployment, failure: ServerFailure | undefined) => Promise<boolean>;
  readonly onLoaded: (replica: string, result: AttemptResult, failure: ServerFailure | undefined) => void;
}

/** Loads models. A load continues to its end even if every waiter leaves. */
export class Loader {
  readonly #options: LoaderOptions;
  /** Every deployment of this configuration and of earlier ones: requests of an earlier one may still wait. */
  readonly #known = new Map<string, Deployment>();
  #closed = false;

  constructor(options: LoaderOptions) {
    this.#options = options;
  }

  /** Ends all reports: the connections of loads under way are about to be closed, which says nothing about a server. */
  close(): void {
    this.#closed = true;
  }

  /** Adds the deployments of a configuration. */
  learn({ groups }: GatewayConfig): void {
    for (const { deployments } of groups)
      for (const deployment of deployments) this.#known.set(deployment.id, deployment);
  }

  /** Removes the deployments that no request can want any more. */
  forget(isWanted: (deployment: string) => boolean): void {
    for (const id of this.#known.keys()) if (!isWanted(id)) this.#known.delete(id);
  }

  load(replica: string, deploymentId: string): void {
    const { upstream } = this.#options.now();
    const deployment = this.#known.get(deploymentId);
    if (deployment === undefined) {
      if (this.#options.onForeignLoad(replica, deploymentId)) return;
      // Without a result routing would ask for the same load again at once, for ever.
      setImmediate(() => {
        this.#options.onLoaded(replica, 'deployment-failed', undefined);
      });
      return;
    }
    void this.#load(replica, upstream.contexts.sized(deployment), upstream);
  }

  async #load(replica: string, deployment: Deployment, upstream: Upstream): Promise<void> {
    const sinceMs = performance.now();
    const failure = await upstream.load(deployment);
    if (this.#closed) return;
    const { model, writtenUrl: backend } = deployment;
    const tookMs = Math.round(performance.now() - sinceMs);
    // A load that takes no time has only found the model in memory.
    if (failure !== undefined || tookMs >= LEAST_LOAD_MS)
      this.#options.log({
        event: failure === undefined ? 'loaded' : 'load-failed',
        backend,
        model,
        took_ms: tookMs,
        failure: failure?.message.slice(0, 200),
      });
    const hasGoneBack = await this.#options.hasGoneBack(deployment, failure);
    if (this.#closed) return;
    // The deployment is not at fault: its waiters wait for a load with the context from before.
    if (hasGoneBack) this.#options.onLoaded(replica, 'cancelled', undefined);
    else this.#options.onLoaded(replica, failure === undefined ? 'answered' : failedLoad(failure), failure);
  }

  /** Asks the model of a deployment for one token; `onTested` is called if an answer comes in time. */
  async test(deploymentId: string, onTested: () => void): Promise<void> {
    const { upstream } = this.#options.now();
    const deployment = this.#known.get(deploymentId);
    if (deployment === undefined) return;
    const answers = await upstream.answers(upstream.contexts.sized(deployment), TEST_MS);
    if (answers && !this.#closed) onTested();
  }

  unload({ backend: url, model, reason, loads }: Unload): void {
    const { upstream } = this.#options.now();
    const backend = upstream.backend(url);
    this.#options.log({ event: 'unloading', backend: url, model, reason, loads });
    if (backend !== undefined) void upstream.unload(backend, model);
  }
}

/** A load that is refused is no client's fault. */
function failedLoad(failure: ServerFailure): AttemptResult {
  return failure.fault === 'request' ? 'deployment-failed' : attemptResultOf(failure);
}
