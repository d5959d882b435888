import type { RequestLimits, TeamConfig } from '../../schema/gateway-config.ts';
import { keyIdOf, type ClientKey } from './client-key.ts';

/** The owner of limits: a key, its team or its user. */
export interface LimitOwner {
  readonly kind: 'key' | 'team' | 'user';
  /** The name for people. */
  readonly alias: string;
  /** Unique among all owners, and the same after a reload, a rotation and a change of the name. */
  readonly id: string;
  readonly limits: RequestLimits;
}

/** The owners of the limits of a key. */
export interface LimitOwners {
  /** Those of every request, as far as they have limits. */
  readonly owners: readonly LimitOwner[];
  /** A limit depends on the body of a request. */
  readonly readsBody: boolean;
}

/** The key, its team and its user, as far as they have limits. */
export function limitOwnersOf(key: ClientKey, team?: TeamConfig, user?: TeamConfig): LimitOwners {
  const owners: LimitOwner[] = [];
  const add = (kind: LimitOwner['kind'], owner: Pick<TeamConfig, 'alias' | 'limits'> | undefined, id = ''): void => {
    if (owner !== undefined && hasLimits(owner.limits)) owners.push(limitOwner(kind, owner.alias, owner.limits, id));
  };
  add('key', key, keyIdOf(key));
  add('team', team, key.team);
  add('user', user, key.stored?.userId);
  return { owners, readsBody: owners.some(({ limits }) => limits.tokensPerMinute !== undefined) };
}

/** Makes an owner. */
export function limitOwner(kind: LimitOwner['kind'], alias: string, limits: RequestLimits, id = alias): LimitOwner {
  return { kind, alias, id: `${kind} ${id}`, limits };
}

function hasLimits({ perMinute, tokensPerMinute, parallel }: RequestLimits): boolean {
  return perMinute !== undefined || tokensPerMinute !== undefined || parallel !== undefined;
}
