import type { ModelGroup, TeamConfig } from '../../schema/gateway-config.ts';
import { isWildcard, matchWildcard } from '../../schema/wildcard.ts';
import type { ClientKey } from './client-key.ts';

/** LiteLLM's words in `models` of a key (SpecialModelNames in litellm/proxy/_types.py, 1.110.2). Its `no-default-models` is the name of no model. */
const ALL_MODELS = 'all-proxy-models';
const TEAM_MODELS = 'all-team-models';

/** Whether a key may use a model: by the name that is asked for, and the group of that name. */
export type ModelAccess = (name: string, group: Pick<ModelGroup, 'name' | 'source'>) => boolean;

/** The {@link accessIdOf} of a key that may use all models. */
export const ALL_ALLOWED = '[]';

/** The lists of models of a key and its team, and the key's own names: equal texts for keys that may use the same ones. */
export function accessIdOf(key: ClientKey, team: TeamConfig | undefined): string {
  const { own, ofTeam } = restrictions(key, team);
  const lists = [own, ofTeam].filter((list) => list !== undefined);
  const aliases = key.stored?.aliases;
  if (aliases === undefined || aliases.size === 0) return JSON.stringify(lists);
  // An alias needs its target in the team's list, and may stand itself in the key's: the two are not the same.
  return JSON.stringify([own ?? [], ofTeam ?? [], [...aliases]]);
}

/** The access of a key: by the names of the configuration, and by the key's own. */
export interface KeyAccess {
  readonly allows: ModelAccess;
  /** Whether a name of the key's own may stand for a model: the key must list the name or the model, and its team the model. */
  readonly allowsAlias: (alias: string, target: string, group: Pick<ModelGroup, 'name' | 'source'>) => boolean;
}

/**
 * The access of a key. As in LiteLLM, the name that is asked for or the model that it stands for must be in the list (`_can_object_call_model`
 * in litellm/proxy/auth/auth_checks.py, 1.110.2). A name that only a fallback serves needs that model, too.
 */
export function modelAccess(key: ClientKey, team: TeamConfig | undefined, groups: readonly ModelGroup[]): KeyAccess {
  const { own, ofTeam } = restrictions(key, team);
  const has = own === undefined ? everything : listMatcher(own, groups);
  const teamHas = ofTeam === undefined ? everything : listMatcher(ofTeam, groups);
  const hasSource = (source: string | undefined): boolean => source === undefined || (has(source) && teamHas(source));
  return {
    allows: (name, { name: group, source }) =>
      (has(name) || has(group)) && (teamHas(name) || teamHas(group)) && hasSource(source),
    allowsAlias: (alias, target, { name: group, source }) =>
      (has(alias) || has(target) || has(group)) && (teamHas(target) || teamHas(group)) && hasSource(source),
  };
}

function everything(): boolean {
  return true;
}

/** The lists that a model must be in; `undefined`: all models. */
function restrictions(
  { models }: ClientKey,
  team: TeamConfig | undefined,
): { readonly own: readonly string[] | undefined; readonly ofTeam: readonly string[] | undefined } {
  const restricting = (list: readonly string[]): readonly string[] | undefined =>
    list.length > 0 && !list.includes(ALL_MODELS) ? list : undefined;
  return {
    own: models.includes(TEAM_MODELS) ? undefined : restricting(models),
    ofTeam: restricting(team?.models ?? []),
  };
}

function listMatcher(list: readonly string[], groups: readonly ModelGroup[]): (name: string) => boolean {
  const given: ReadonlySet<unknown> = new Set(list);
  const names = new Set(list);
  const patterns = list.filter(isWildcard);
  for (const { name, deployments, source } of groups)
    if (
      source === undefined &&
      deployments.some(({ listed }) => accessGroups(listed.info).some((one) => given.has(one)))
    )
      names.add(name);
  return (name) => names.has(name) || patterns.some((pattern) => matchWildcard(pattern, name) !== undefined);
}

function accessGroups({ access_groups: given }: Readonly<Record<string, unknown>>): readonly unknown[] {
  return Array.isArray(given) ? given : [];
}
