import type { ModelGroup } from '../../schema/gateway-config.ts';
import type { Failure, ServerFailure } from '../exchange.ts';
import type { ForwardPlan } from './forward-plan.ts';
import { fallbackKind } from './retry.ts';

/** The fallback models of one request, each used at most once. The kind of the first failure decides which list is used. */
export class Fallbacks {
  readonly #plan: ForwardPlan;
  #remaining: ModelGroup[] | undefined;
  #inUse: boolean;

  constructor(plan: ForwardPlan) {
    this.#plan = plan;
    this.#inUse = plan.group.isFallback === true;
  }

  /** A fallback is serving the request; for a name that has no deployments of its own, from the start. */
  get inUse(): boolean {
    return this.#inUse;
  }

  /** The next model to try after a failure; `undefined` if another model does not help, or none is left. */
  next(failure: Failure | ServerFailure): ModelGroup | undefined {
    const kind = fallbackKind(failure);
    if (kind === undefined) return undefined;
    this.#remaining ??= [...this.#plan.fallbacks(kind)];
    const next = this.#remaining.shift();
    this.#inUse ||= next !== undefined;
    return next;
  }
}
