import type { Deployment } from '../../schema/gateway-config.ts';
import type { ServerFailure } from '../exchange.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import { isRetryable, type Progress, type RetryPolicy } from './retry.ts';

type FailedDeployment = Pick<Deployment, 'id' | 'url'>;

/** The failed attempts of one request, made with the first of them: most requests have none. */
export class FailedAttempts {
  /** Ids of deployments of the current model that get the request no more. */
  tried: string[] = [];
  /** URLs of servers whose connection broke under this request. */
  readonly #broken = new Set<string>();
  /** Ids of deployments that were loading the model when they were asked. */
  readonly #loading = new Set<string>();
  /** Servers that went down with this request. */
  #deaths = 0;

  readonly #scheduler: Pick<Scheduler, 'whenProbed'>;

  constructor(scheduler: Pick<Scheduler, 'whenProbed'>) {
    this.#scheduler = scheduler;
  }

  /** Calls back with whether a failed attempt is repeated elsewhere, once: at once, or after the probe of a server whose connection failed. */
  decide(
    failure: ServerFailure,
    deployment: FailedDeployment,
    attempts: number,
    policy: RetryPolicy,
    onDecision: (isRetried: boolean) => void,
  ): void {
    const decide = (isUp: boolean): void => {
      onDecision(this.#isRetryable(failure, deployment, { streaming: false, attempts, isDown: !isUp }, policy));
    };
    if (failure.fault === 'connection') this.#scheduler.whenProbed(deployment.url, decide);
    else decide(true);
  }

  #isRetryable(
    failure: ServerFailure,
    { id, url }: FailedDeployment,
    progress: Progress,
    policy: RetryPolicy,
  ): boolean {
    if (failure.fault === 'connection' && failure.notBegun !== true) {
      this.#broken.add(url);
      if (progress.isDown === true) this.#deaths += 1;
    }
    // A backend that says that it is loading the model is asked again, once: it will have the model soon.
    if (failure.code !== 'model_loading' || this.#loading.has(id)) this.tried.push(id);
    this.#loading.add(id);
    return isRetryable(failure, { ...progress, deaths: this.#deaths }, policy);
  }

  /** Another model is tried: on any server but those whose connection broke. */
  startModel(deployments: readonly Deployment[]): void {
    this.tried = deployments.filter(({ url }) => this.#broken.has(url)).map(({ id }) => id);
  }
}
