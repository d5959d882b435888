import type { Deployment } from '../../schema/gateway-config.ts';
import type { LoadRequest, ModelRequest, ServerFailure } from '../exchange.ts';
import type { RefusedPrompt } from '../scheduler/context-growth.ts';
import type { Service } from '../service.ts';
import { truncated } from '../upstream/adapt-request.ts';
import { BUSY_WITH_OTHERS } from './failures.ts';
import { isRetryable, type Progress, type RetryPolicy } from './retry.ts';

type FailedDeployment = Pick<Deployment, 'id' | 'url'>;

/** Longer contexts that are looked for in vain at most, for one request and model. */
const MOST_REFITS = 32;

/** A request whose attempt has failed: the deployments of its model, and the grown context that it was sent with. */
export interface FailedRequest extends Pick<RefusedPrompt, 'deployments' | 'sentWith' | 'isWanted'> {
  readonly request: ModelRequest | LoadRequest;
}

/** The failed attempts of one request, made with the first of them: most requests have none. */
export class FailedAttempts {
  /** Ids of deployments of the current model whose attempt has failed. */
  #failed: string[] = [];
  /** Ids of those whose context is too short. */
  #tooShort: readonly string[] = [];
  /** URLs of servers whose connection broke under this request. */
  readonly #broken = new Set<string>();
  /** Ids of deployments that were loading the model when they were asked. */
  readonly #loading = new Set<string>();
  /** Servers that went down with this request. */
  #deaths = 0;

  /** Deployments whose context has grown for this request. */
  readonly #grewAt = new Set<string>();
  /** Deployments that have refused the prompt, each with its grown context then, or 0. */
  readonly #refusals = new Map<string, number>();
  /** Attempts of the current model that ended in a longer context, or in a cut prompt: they are no retries. */
  #refits = 0;
  /** The request with its prompt cut, if no context is long enough and its API cuts. */
  cut: ModelRequest | undefined;

  readonly #service: Pick<Service, 'scheduler' | 'growth'>;

  constructor(service: Pick<Service, 'scheduler' | 'growth'>) {
    this.#service = service;
  }

  get refits(): number {
    return this.#refits;
  }

  /** The last thing that was done for a prompt that did not fit. */
  get refit(): 'grown' | 'cut' | undefined {
    if (this.cut !== undefined) return 'cut';
    return this.#refits === 0 ? undefined : 'grown';
  }

  /** Ids of deployments of the current model that get the request no more. */
  get tried(): readonly string[] {
    return this.#tooShort.length === 0 ? this.#failed : [...this.#failed, ...this.#tooShort];
  }

  /**
   * Calls back with whether a failed attempt is repeated, once, and with the failure for the client: at once, after the probe of a server
   * whose connection failed, or after the search for a longer context.
   */
  decide(
    failure: ServerFailure,
    deployment: FailedDeployment,
    failed: FailedRequest,
    attempts: number,
    policy: RetryPolicy,
    onDecision: (isRetried: boolean, failure: ServerFailure) => void,
  ): void {
    const { request } = failed;
    if (
      failure.code === 'context_length_exceeded' &&
      request.kind !== 'load' &&
      this.cut === undefined &&
      this.#refits < MOST_REFITS
    ) {
      this.#refusals.set(deployment.id, failed.sentWith ?? 0);
      const deployments = failed.deployments.filter(({ id }) => !this.#failed.includes(id));
      void this.#grow(failure, {
        ...failed,
        request,
        deployments,
        refusedBy: deployment.id,
        refusals: this.#refusals,
        grewAt: this.#grewAt,
      }).then(
        ([isRetried, last]) => onDecision(isRetried, last),
        // A bug of the gateway leaves the request as the server has refused it.
        (error: unknown) => onDecision(false, { ...failure, error }),
      );
      return;
    }
    const decide = (isUp: boolean): void => {
      const progress = { streaming: false, attempts: attempts - this.#refits, isDown: !isUp };
      onDecision(this.#isRetryable(failure, deployment, progress, policy), failure);
    };
    if (failure.fault === 'connection') this.#service.scheduler.whenProbed(deployment.url, decide);
    else decide(true);
  }

  async #grow(failure: ServerFailure, prompt: RefusedPrompt): Promise<readonly [isRetried: boolean, ServerFailure]> {
    const growth = await this.#service.growth.grow(prompt);
    this.#refits += 1;
    if (growth.kind === 'grown') {
      this.#grewAt.add(growth.at);
      this.#tooShort = growth.tooShort;
      return [true, failure];
    }
    if (growth.kind === 'busy') return [false, { ...failure, ...BUSY_WITH_OTHERS }];
    // A client of Ollama's API that left it to the server has its prompt cut, as it would be there.
    if (growth.kind === 'refused' && prompt.request.params.truncate === 'default')
      this.cut = truncated(prompt.request, failure);
    this.#tooShort = [];
    if (this.cut !== undefined) return [true, failure];
    const numbers = growth.kind === 'refused' ? growth.numbers : undefined;
    return [false, numbers === undefined ? failure : { ...failure, message: `${failure.message}: ${numbers}` }];
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
    if (failure.code !== 'model_loading' || this.#loading.has(id)) this.#failed.push(id);
    this.#loading.add(id);
    return isRetryable(failure, { ...progress, deaths: this.#deaths }, policy);
  }

  /** Another model is tried: on any server but those whose connection broke. */
  startModel(deployments: readonly Deployment[]): void {
    this.cut = undefined;
    this.#refits = 0;
    this.#grewAt.clear();
    this.#refusals.clear();
    this.#tooShort = [];
    this.#failed = deployments.filter(({ url }) => this.#broken.has(url)).map(({ id }) => id);
  }
}
