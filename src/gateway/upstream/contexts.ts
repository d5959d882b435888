import { canonicalModelName } from '../../core/model-name.ts';
import type { Deployment } from '../../schema/gateway-config.ts';
import { providerOf } from './providers.ts';

/** The parts of a deployment that decide on its context. */
export type ContextTarget = Pick<Deployment, 'url' | 'model' | 'provider' | 'options'>;

/** A context that has grown, in tokens. */
export interface GrownContext {
  readonly tokens: number;
  /** The context before; `undefined` if the server did not say. */
  readonly from: number | undefined;
}

/**
 * The contexts that have grown, by model and server: all entries of a model on a server that state no `num_ctx` share one, since two
 * would load the model in turn. Every request to a server and every load takes its `num_ctx` from here.
 */
export class Contexts {
  readonly #grown = new Map<string, GrownContext>();
  /** Each deployment with its grown context, made once. */
  #sized = new WeakMap<object, Deployment>();
  #most: number | undefined;

  /** `most` is the longest context of the configuration; `undefined`: none grows. */
  constructor(most: number | undefined) {
    this.#most = most;
  }

  /** Whether none has grown. */
  get isEmpty(): boolean {
    return this.#grown.size === 0;
  }

  /** Sets the longest context of another configuration. */
  limit(most: number | undefined): void {
    this.#most = most;
    this.#sized = new WeakMap();
  }

  /** The longest context to grow to, in tokens; `undefined` if the context of the deployment is fixed. */
  mostOf({ provider, options }: Pick<ContextTarget, 'provider' | 'options'>): number | undefined {
    return options['num_ctx'] === undefined && providerOf({ provider }).context !== undefined ? this.#most : undefined;
  }

  /** The grown context of a deployment; `undefined` if it is the server's own, or stated. */
  of(deployment: ContextTarget): GrownContext | undefined {
    const grown = this.#grown.get(contextKey(deployment));
    const most = grown === undefined ? undefined : this.mostOf(deployment);
    if (grown === undefined || most === undefined || most <= (grown.from ?? 0)) return undefined;
    return grown.tokens <= most ? grown : { ...grown, tokens: most };
  }

  /** A deployment with its grown context as `num_ctx`. */
  sized(deployment: Deployment): Deployment {
    if (this.#grown.size === 0) return deployment;
    const known = this.#sized.get(deployment);
    if (known !== undefined) return known;
    const grown = this.of(deployment);
    if (grown === undefined) return deployment;
    const sized = { ...deployment, options: { ...deployment.options, num_ctx: grown.tokens } };
    this.#sized.set(deployment, sized);
    return sized;
  }

  /** Sets the grown context of a model on a server; `undefined`: the server's own. */
  set(target: Pick<Deployment, 'url' | 'model'>, grown: GrownContext | undefined): void {
    this.#sized = new WeakMap();
    if (grown === undefined) this.#grown.delete(contextKey(target));
    else this.#grown.set(contextKey(target), grown);
  }
}

/** The key of a model on a server: names that mean the same model have one. */
export function contextKey({ url, model }: Pick<Deployment, 'url' | 'model'>): string {
  return `${url} ${canonicalModelName(model)}`;
}
