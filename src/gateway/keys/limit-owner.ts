import type { BudgetConfig, ModelGroup, RequestLimits, TeamConfig } from '../../schema/gateway-config.ts';
import { keyIdOf, type ClientKey } from './client-key.ts';

/** The owner of limits: a key, its team or its user, with all requests or with those for one model. */
export interface LimitOwner {
  readonly kind: 'key' | 'team' | 'user' | 'end user';
  /** The name for people. */
  readonly alias: string;
  readonly model?: string;
  /** Unique among all owners, and the same after a reload, a rotation and a change of the name. */
  readonly id: string;
  readonly limits: RequestLimits;
  readonly budget?: BudgetConfig | undefined;
}

/** An owner with its requests for one model: those for any of these deployments. */
interface ModelOwner {
  readonly owner: LimitOwner;
  readonly deployments: ReadonlySet<string>;
}

/** The owners of the limits of a key. */
export interface LimitOwners {
  /** Those of every request, as far as they have limits. */
  readonly owners: readonly LimitOwner[];
  readonly ofModels: readonly ModelOwner[];
  /** A limit depends on the body of a request. */
  readonly readsBody: boolean;
}

/** The key, its team and its user, as far as they have limits; `groupOf` finds the models that these name, `endUsers` are limits of each end user. */
export function limitOwnersOf(
  key: ClientKey,
  groupOf: (name: string) => ModelGroup | undefined,
  team?: TeamConfig,
  user?: TeamConfig,
  endUsers?: RequestLimits,
): LimitOwners {
  const owners: LimitOwner[] = [];
  const ofModels: ModelOwner[] = [];
  const add = (
    kind: LimitOwner['kind'],
    owner: Pick<TeamConfig, 'alias' | 'limits' | 'modelLimits' | 'budget'> | undefined,
    name = '',
  ): void => {
    if (owner === undefined) return;
    const { alias, limits, modelLimits, budget } = owner;
    const id = `${kind} ${name}`;
    if (budget !== undefined || hasLimits(limits)) owners.push({ kind, alias, id, limits, budget });
    for (const [model, { perMinute, tokensPerMinute }] of modelLimits ?? []) {
      const group = groupOf(key.stored?.aliases.get(model) ?? model);
      if (group === undefined) continue;
      const deployments = new Set(group.deployments.map((deployment) => deployment.id));
      // No id has a line feed.
      const ofModel = { kind, alias, model, id: `${id}\n${model}` };
      ofModels.push({
        owner: { ...ofModel, limits: { perMinute, tokensPerMinute, parallel: undefined } },
        deployments,
      });
    }
  };
  add('key', key, keyIdOf(key));
  add('team', team, key.team);
  add('user', user, key.stored?.userId);
  const readsBody =
    endUsers !== undefined ||
    ofModels.length > 0 ||
    owners.some(({ limits, budget }) => budget !== undefined || limits.tokensPerMinute !== undefined);
  return { owners, ofModels, readsBody };
}

/** The end user that a key asks for; a name means another one behind another key. */
export function endUserOwner(key: ClientKey, name: string, limits: RequestLimits): LimitOwner {
  return { kind: 'end user', alias: name, id: `${keyIdOf(key)}\n${name}`, limits };
}

/** The owners of a request for a model: a further name of the model leads around no limit. */
export function ownersFor({ owners, ofModels }: LimitOwners, { deployments }: ModelGroup): readonly LimitOwner[] {
  if (ofModels.length === 0) return owners;
  const found = ofModels.filter(({ deployments: limited }) => deployments.some(({ id }) => limited.has(id)));
  return [...owners, ...found.map(({ owner }) => owner)];
}

function hasLimits({ perMinute, tokensPerMinute, parallel }: RequestLimits): boolean {
  return perMinute !== undefined || tokensPerMinute !== undefined || parallel !== undefined;
}
