import type { Deployment } from '../../schema/gateway-config.ts';
import type { MissingCapability } from './adapt-request.ts';
import { modelKey } from './model-key.ts';

/** A name may become another model's at any time (`ollama create`, `ollama pull`). */
const KNOWN_FOR_MS = 10 * 60_000;

interface Known {
  readonly missing: Set<MissingCapability>;
  /** Whether the server has been asked for the model's capabilities. */
  shown: boolean;
  readonly untilMs: number;
}

const NOTHING: ReadonlySet<MissingCapability> = new Set();

/** Remembers for ten minutes which capabilities models were found to lack. Aliases of one model share what is learned. */
export class Capabilities {
  readonly #known = new Map<string, Known>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The capabilities that the model of a deployment is known to lack. */
  missing(deployment: Deployment): ReadonlySet<MissingCapability> {
    return this.#find(deployment)?.missing ?? NOTHING;
  }

  /** Whether the server itself has reported the model's capabilities. */
  isShown(deployment: Deployment): boolean {
    return this.#find(deployment)?.shown ?? false;
  }

  /** Records a capability that a refusal has reported as missing. */
  learn(deployment: Deployment, missing: MissingCapability): void {
    this.#make(deployment).missing.add(missing);
  }

  /** Records the capabilities that the server reports; a server that reports none is taken to have all. */
  show(deployment: Deployment, capabilities: readonly unknown[] | undefined): void {
    const known = this.#make(deployment);
    known.shown = true;
    if (capabilities !== undefined && !capabilities.includes('vision')) known.missing.add('images');
  }

  #find(deployment: Deployment): Known | undefined {
    const known = this.#known.get(modelKey(deployment));
    return known !== undefined && known.untilMs > this.#now() ? known : undefined;
  }

  #make(deployment: Deployment): Known {
    const found = this.#find(deployment);
    if (found !== undefined) return found;
    for (const [key, { untilMs }] of this.#known) if (untilMs <= this.#now()) this.#known.delete(key);
    const known = { missing: new Set<MissingCapability>(), shown: false, untilMs: this.#now() + KNOWN_FOR_MS };
    this.#known.set(modelKey(deployment), known);
    return known;
  }
}
