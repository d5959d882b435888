import type { Deployment } from '../../schema/gateway-config.ts';
import { isSameModel } from '../../core/model-name.ts';
import { isUp } from '../route/candidate.ts';
import type { Fleet } from '../route/fleet.ts';
import { replicaId } from '../route/replica.ts';
import type { ListedModel } from '../route/residency.ts';
import { providerOf } from '../upstream/providers.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { NeededContext } from './context-size.ts';

/** The longest context that a deployment may have, in tokens, and the reason why it is no longer one. */
export interface LongestContext {
  readonly tokens: number;
  readonly reason: 'trained' | 'setting' | 'modelfile' | 'memory';
}

/** Finds out about the contexts of deployments: from the configuration, from routing, and from their servers. */
export class ContextFacts {
  readonly #fleet: Fleet;
  readonly #upstream: () => Upstream;

  constructor(fleet: Fleet, upstream: () => Upstream) {
    this.#fleet = fleet;
    this.#upstream = upstream;
  }

  isUp({ url }: Deployment): boolean {
    const backend = this.#fleet.backends.get(url);
    return backend !== undefined && isUp(backend);
  }

  /** The context of a deployment as far as it is known, in tokens: stated, grown, or seen. */
  known(deployment: Deployment): number | undefined {
    const { url, model, options } = deployment;
    const stated = options['num_ctx'];
    if (typeof stated === 'number') return stated;
    const grown = this.#upstream().contexts.of(deployment);
    if (grown !== undefined) return grown.tokens;
    // A model that another client has loaded may have any context, and a request without one would load it anew.
    const residency = this.#fleet.replicas.get(replicaId(url, model))?.residency;
    return residency?.runner === undefined ? undefined : residency.context;
  }

  /** The model of a deployment as its server lists it; `undefined` if it is not in memory. */
  async listed({ url, model }: Deployment): Promise<ListedModel | undefined> {
    const upstream = this.#upstream();
    const backend = upstream.backend(url);
    const listing = backend === undefined ? undefined : await upstream.list(backend);
    return listing?.models.find(({ name }) => isSameModel(name, model));
  }

  /** The longest context of a deployment; `undefined` if its server does not say. `refused`: a context that it could not hold. */
  async longest(deployment: Deployment, refused: number | undefined): Promise<LongestContext | undefined> {
    const upstream = this.#upstream();
    const [context, most] = [providerOf(deployment).context, upstream.contexts.mostOf(deployment)];
    if (context === undefined || most === undefined) return undefined;
    const answer = await upstream.query(deployment, context.query(deployment.model));
    const shown = answer === undefined ? undefined : context.read(answer);
    if (shown === undefined) return undefined;
    if (shown.stated !== undefined) return { tokens: shown.stated, reason: 'modelfile' };
    const tokens = Math.min(shown.trained, most);
    if (refused !== undefined && refused <= tokens) return { tokens: Math.floor(refused / 2), reason: 'memory' };
    return { tokens, reason: shown.trained <= most ? 'trained' : 'setting' };
  }
}

/** The longest context that a deployment may grow to, in tokens; 0 if it may not, or nothing is known. */
export function growableTo(longest: LongestContext | undefined): number {
  return longest === undefined || longest.reason === 'modelfile' ? 0 : longest.tokens;
}

/** Whether all of a model is in VRAM; `undefined` if its server does not say. */
export function fits(listed: ListedModel | undefined): boolean | undefined {
  const { sizeBytes, vramBytes } = listed ?? {};
  return sizeBytes === undefined || vramBytes === undefined ? undefined : vramBytes >= sizeBytes;
}

/**
 * Whether a longer context has pushed a part of a model out of VRAM, where all of it was before. A server without VRAM holds no part
 * there, before or after.
 */
export function hasSpilled(listed: ListedModel | undefined, fitted: boolean | undefined): boolean {
  if (fits(listed) !== false) return false;
  return fitted ?? (listed?.vramBytes ?? 0) > 0;
}

/** The reason why a prompt fits in no context, for its client; `context`: the present one. */
export function numbersOf(
  context: number | undefined,
  { prompt }: NeededContext,
  longest: LongestContext | undefined,
): string | undefined {
  if (context === undefined || longest === undefined) return undefined;
  const { tokens, reason } = longest;
  const why: Readonly<Record<LongestContext['reason'], string>> = {
    trained: `the model was trained with ${String(tokens)}`,
    setting: `hxllm.context.most allows ${String(tokens)}`,
    modelfile: 'its Modelfile states that context',
    memory: 'its server has no memory for a longer one',
  };
  return `${String(context)} tokens, and about ${String(Math.max(prompt, context + 1))} in the prompt; ${why[reason]}`;
}
