import type { ModelGroup } from '../../schema/gateway-config.ts';
import type { Failure, ServerFailure } from '../exchange.ts';
import { fallbackKind } from './failures.ts';
import type { Service } from '../service.ts';

/** The groups that may stand in for one that has failed, each of them once. The first failure decides which they are. */
export class Fallbacks {
  readonly #service: Service;
  readonly #group: ModelGroup;
  #left: ModelGroup[] | undefined;

  constructor(service: Service, group: ModelGroup) {
    this.#service = service;
    this.#group = group;
  }

  /** Who is asked after a failure; `undefined` where nobody else would do better, or nobody is left. */
  next(failure: Failure | ServerFailure): ModelGroup | undefined {
    const kind = fallbackKind(failure);
    if (kind === undefined) return undefined;
    this.#left ??= [...this.#service.fallbacks(kind, this.#group)];
    return this.#left.shift();
  }
}
