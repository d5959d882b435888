import type { KeyConfig, RequestLimits, TeamConfig } from '../../schema/gateway-config.ts';

/** The owner of limits: a key or a team. */
export interface LimitOwner {
  readonly kind: 'key' | 'team';
  readonly alias: string;
  /** Unique among all owners, and the same after a reload. */
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

/** The key and its team, as far as they have limits. */
export function limitOwnersOf(key: KeyConfig, team: TeamConfig | undefined): LimitOwners {
  const owners: LimitOwner[] = [];
  if (hasLimits(key.limits)) owners.push(limitOwner('key', key.alias, key.limits));
  if (team !== undefined && hasLimits(team.limits)) owners.push(limitOwner('team', team.alias, team.limits));
  return { owners, readsBody: owners.some(({ limits }) => limits.tokensPerMinute !== undefined) };
}

/** Makes an owner. */
export function limitOwner(kind: LimitOwner['kind'], alias: string, limits: RequestLimits): LimitOwner {
  return { kind, alias, id: `${kind} ${alias}`, limits };
}

function hasLimits({ perMinute, tokensPerMinute, parallel }: RequestLimits): boolean {
  return perMinute !== undefined || tokensPerMinute !== undefined || parallel !== undefined;
}
