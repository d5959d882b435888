import { apiKeyHash } from '../../core/api-key.ts';
import type { KeyConfig, ModelGroup, RequestLimits, TeamConfig } from '../../schema/gateway-config.ts';
import type { ClientKey } from './client-key.ts';
import { limitOwnersOf, type LimitOwners } from './limit-owner.ts';
import type { StoredKeys } from './stored-keys.ts';

/** A key that a client presents, judged. */
export type KeyVerdict =
  | { readonly state: 'valid' | 'blocked'; readonly key: ClientKey }
  | { readonly state: 'expired'; readonly key: ClientKey; readonly expiresMs: number }
  | { readonly state: 'unknown' };

type GroupOf = (name: string) => ModelGroup | undefined;

const UNKNOWN: KeyVerdict = { state: 'unknown' };

/** The owners of the limits of a key as they were found, and of what: those of the store may change at any time. */
interface KnownOwners {
  readonly team: TeamConfig | undefined;
  readonly user: TeamConfig | undefined;
  readonly owners: LimitOwners;
}

/**
 * The keys of clients, in memory: those of the operator's files, and behind them those of the store, which change while requests come.
 * Among 100,000 keys a look-up takes less than 1 µs, and a judgement with the hash of the text less than 2, whatever its result.
 */
export class KeyRing {
  readonly #byHash: ReadonlyMap<string, KeyConfig>;
  readonly #teams: ReadonlyMap<string, TeamConfig>;
  readonly #stored: StoredKeys | undefined;
  readonly #takenOut: ReadonlyMap<string, KeyConfig>;
  readonly #owners = new WeakMap<ClientKey, KnownOwners>();

  readonly #groupOf: GroupOf;

  readonly #endUsers: RequestLimits | undefined;

  /** `groupOf` finds the models that limits name; `endUsers` are the limits of each end user. */
  constructor(
    keys: readonly KeyConfig[],
    teams: readonly TeamConfig[] = [],
    stored?: StoredKeys,
    groupOf: GroupOf = () => undefined,
    endUsers?: RequestLimits,
  ) {
    this.#groupOf = groupOf;
    this.#endUsers = endUsers;
    this.#byHash = new Map(keys.map((key) => [key.hash, key]));
    this.#teams = new Map(teams.map((team) => [team.alias, team]));
    this.#stored = stored;
    this.#takenOut = stored?.fileKeys?.takenOut(keys) ?? new Map();
  }

  /** Reads keys that another instance may just have made; `undefined`: none may have. */
  lookAgain(): Promise<void> | undefined {
    return this.#stored?.lookAgain();
  }

  /** Judges a key by its text; `nowMs` is the time since 1970. */
  judge(text: string, nowMs: number): KeyVerdict {
    const hash = apiKeyHash(text);
    // The same look-ups for every key, known or not: the time of a refusal is to say no more than its words.
    const [ofFile, ofStore, gone] = [this.#byHash.get(hash), this.#stored?.get(hash, nowMs), this.#takenOut.get(hash)];
    const key: ClientKey | undefined = ofFile ?? ofStore ?? gone;
    const [team, stored] = [key?.team, key?.stored];
    const [teamOfStore, teamOfFile] = [this.#stored?.team(team ?? ''), this.#teams.get(team ?? '')];
    const user = this.#stored?.user(stored?.userId ?? '');
    if (key === undefined) return UNKNOWN;
    const itsTeam = (stored === undefined ? undefined : teamOfStore) ?? teamOfFile;
    // A team that was taken out of the operator's files is blocked like a key there: its limits and models would be gone with it.
    const isTeamBlocked = team !== undefined && (itsTeam === undefined ? stored !== undefined : itsTeam.blocked);
    if (key.blocked || isTeamBlocked || user?.blocked === true) return { state: 'blocked', key };
    const { expiresMs = Infinity } = key;
    return expiresMs > nowMs ? { state: 'valid', key } : { state: 'expired', key, expiresMs };
  }

  /** The keys that were taken out of the operator's files, but for those that are in the store by now. */
  takenOut(nowMs: number): readonly KeyConfig[] {
    return [...this.#takenOut.values()].filter(({ hash }) => this.#stored?.get(hash, nowMs) === undefined);
  }

  /** Whether a key still exists under its name. */
  exists({ alias, hash, stored }: ClientKey): boolean {
    return stored === undefined ? this.#byHash.get(hash)?.alias === alias : this.#stored?.aliasOf(stored.id) === alias;
  }

  /** The team of a key. A key of the store may belong to a team of the operator's files. */
  teamOf({ team, stored }: ClientKey): TeamConfig | undefined {
    if (team === undefined) return undefined;
    return (stored === undefined ? undefined : this.#stored?.team(team)) ?? this.#teams.get(team);
  }

  /** The owners of the limits of a key. */
  ownersOf(key: ClientKey): LimitOwners {
    const [team, user] = [this.teamOf(key), this.#userOf(key)];
    const known = this.#owners.get(key);
    if (known !== undefined && known.team === team && known.user === user) return known.owners;
    const owners = limitOwnersOf(key, this.#groupOf, team, user, this.#endUsers);
    this.#owners.set(key, { team, user, owners });
    return owners;
  }

  #userOf({ stored }: ClientKey): TeamConfig | undefined {
    return stored?.userId === undefined ? undefined : this.#stored?.user(stored.userId);
  }
}
