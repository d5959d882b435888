import type { ModelGroup } from '../../schema/gateway-config.ts';
import type { Failure, ServerFailure } from '../exchange.ts';
import type { Service } from '../service.ts';
import { fallbackKind } from './retry.ts';

/** The fallback models of one request, each used at most once. The kind of the first failure decides which list is used. */
export class Fallbacks {
  readonly #service: Service;
  readonly #group: ModelGroup;
  #remaining: ModelGroup[] | undefined;
  #inUse = false;

  constructor(service: Service, group: ModelGroup) {
    this.#service = service;
    this.#group = group;
  }

  /** A fallback is serving the request. */
  get inUse(): boolean {
    return this.#inUse;
  }

  /** The next model to try after a failure; `undefined` if another model does not help, or none is left. */
  next(failure: Failure | ServerFailure): ModelGroup | undefined {
    const kind = fallbackKind(failure);
    if (kind === undefined) return undefined;
    this.#remaining ??= [...this.#service.fallbacks(kind, this.#group)];
    const next = this.#remaining.shift();
    this.#inUse ||= next !== undefined;
    return next;
  }
}
