import type { Deployment, Timeouts } from '../../schema/gateway-config.ts';
import type { LoadRequest, ModelRequest, Usage } from '../exchange.ts';
import { acceptsContext, goesAsItCame, hasImages, type MissingCapability } from './adapt-request.ts';
import type { Capabilities } from './capabilities.ts';
import { limitsOf, type UpstreamLimits } from './deadline.ts';
import { hasImageTag } from './image-tags.ts';
import type { Provider } from './provider.ts';
import { providerOf } from './providers.ts';
import { quotesRefusal } from './quoted-refusal.ts';
import type { SettledRequest } from './token-counting.ts';
import type { UpstreamTarget } from './upstream-request.ts';
import type { WireExchange, WireExchangeListener } from './wire-exchange.ts';

/** The parts of an upstream that its requests share. */
export interface TargetParts {
  readonly strict: boolean;
  readonly timeouts: Timeouts;
  readonly capabilities: Capabilities;
  askCapabilities(deployment: Deployment, capabilities: NonNullable<Provider['capabilities']>): Promise<void>;
  settle(settled: SettledRequest, deployment: Deployment): Usage;
  dispatch(
    request: ModelRequest,
    deployment: Deployment,
    limits: UpstreamLimits,
    listener: WireExchangeListener,
  ): WireExchange;
}

const NOTHING: ReadonlySet<MissingCapability> = new Set();

/** A deployment as the recipient of one request. One object with methods takes a third of the memory of as many functions. */
export class DeploymentTarget implements UpstreamTarget {
  readonly #parts: TargetParts;
  readonly #deployment: Deployment;
  readonly #stream: boolean;
  /** Start of the time that the request may take, on the clock of `performance.now()`. */
  readonly #sinceMs: number;
  readonly growsFirst: boolean;

  constructor(parts: TargetParts, deployment: Deployment, growsFirst: boolean, stream: boolean, sinceMs: number) {
    this.#parts = parts;
    this.#deployment = deployment;
    this.growsFirst = growsFirst;
    this.#stream = stream;
    this.#sinceMs = sinceMs;
  }

  get strict(): boolean {
    return this.#parts.strict;
  }

  get truncates(): boolean {
    return providerOf(this.#deployment).truncates;
  }

  missing(asked: ModelRequest | LoadRequest): ReadonlySet<MissingCapability> {
    if (goesAsItCame(asked, this.#deployment)) return NOTHING;
    const missing = this.#parts.capabilities.missing(this.#deployment);
    return acceptsContext(asked, this.#deployment) ? missing : new Set([...missing, 'context']);
  }

  learn(missing: MissingCapability): void {
    this.#parts.capabilities.learn(this.#deployment, missing);
  }

  quotes(missing: MissingCapability, asked: ModelRequest): boolean {
    return quotesRefusal(missing, asked, this.#deployment);
  }

  unsupportedParams(asked: ModelRequest): readonly string[] {
    return providerOf(this.#deployment).unsupportedParams(asked);
  }

  look(asked: ModelRequest): Promise<void> | undefined {
    const { capabilities } = providerOf(this.#deployment);
    return capabilities !== undefined &&
      (hasImages(asked) || hasImageTag(asked)) &&
      !this.#parts.capabilities.isShown(this.#deployment)
      ? this.#parts.askCapabilities(this.#deployment, capabilities)
      : undefined;
  }

  settle(settled: SettledRequest): Usage {
    return this.#parts.settle(settled, this.#deployment);
  }

  dispatch(asked: ModelRequest, listener: WireExchangeListener): WireExchange {
    const spentMs = performance.now() - this.#sinceMs;
    const limits = limitsOf(this.#parts.timeouts, this.#stream, this.#deployment, spentMs);
    return this.#parts.dispatch(asked, this.#deployment, limits, listener);
  }
}
