import type { KeyConfig } from '../../schema/gateway-config.ts';
import type { RouteRule } from './allowed-routes.ts';

/** The key of a client, from the operator's files or from the store. */
export interface ClientKey extends KeyConfig {
  /** Set for keys of the store. */
  readonly stored?: StoredKeyFacts;
}

/** The part of a key that only keys of the store have. Keys with the same restrictions share it but for `id`. */
export interface StoredKeyFacts {
  /** It outlives rotations: limits and usage belong to it. */
  readonly id: string;
  /** `aliases`: names of models that this key asks for, and the models that serve them. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly routes: RouteRule;
  readonly tags: readonly string[];
  readonly userId: string | undefined;
}

/** The id under which the use of a key is counted. Aliases of the operator's files never change for a key. */
export function keyIdOf({ alias, stored }: ClientKey): string {
  return stored?.id ?? alias;
}
