import type { Deployment } from '../../schema/gateway-config.ts';
import type { MissingCapability } from './adapt-request.ts';

/** A name may become another model's at any time (`ollama create`, `ollama pull`). */
const KNOWN_FOR_MS = 10 * 60_000;

interface Known {
  readonly missing: Set<MissingCapability>;
  /** Whether the server has been asked what the model can do. */
  shown: boolean;
  readonly untilMs: number;
}

const NOTHING: ReadonlySet<MissingCapability> = new Set();

/** Remembers for a while what models on servers were found to be unable to do. */
export class Capabilities {
  readonly #known = new Map<string, Known>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What the model of a deployment cannot do, as far as it is known. */
  missing(deployment: Deployment): ReadonlySet<MissingCapability> {
    return this.#find(deployment)?.missing ?? NOTHING;
  }

  /** Whether the server has said itself what the model can do. */
  isShown(deployment: Deployment): boolean {
    return this.#find(deployment)?.shown ?? false;
  }

  /** A refusal has told what the model cannot do. */
  learn(deployment: Deployment, missing: MissingCapability): void {
    this.#make(deployment).missing.add(missing);
  }

  /** The server has said what the model can do; a server that does not say is taken to be able. */
  show(deployment: Deployment, capabilities: readonly unknown[] | undefined): void {
    const known = this.#make(deployment);
    known.shown = true;
    if (capabilities !== undefined && !capabilities.includes('vision')) known.missing.add('images');
  }

  #find(deployment: Deployment): Known | undefined {
    const known = this.#known.get(keyOf(deployment));
    return known !== undefined && known.untilMs > this.#now() ? known : undefined;
  }

  #make(deployment: Deployment): Known {
    const found = this.#find(deployment);
    if (found !== undefined) return found;
    const known = { missing: new Set<MissingCapability>(), shown: false, untilMs: this.#now() + KNOWN_FOR_MS };
    this.#known.set(keyOf(deployment), known);
    return known;
  }
}

// Aliases of one model learn from each other.
function keyOf({ url, model }: Deployment): string {
  return `${url} ${model}`;
}
