import type { GatewayConfig, KeyConfig, ModelGroup } from '../../schema/gateway-config.ts';
import { isWildcard, matchWildcard } from '../../schema/wildcard.ts';

/** LiteLLM's words in `models` of a key (SpecialModelNames in litellm/proxy/_types.py, 1.110.2). Its `no-default-models` is the name of no model. */
const ALL_MODELS = 'all-proxy-models';
const TEAM_MODELS = 'all-team-models';

/** Whether a key may use a model: by the name that is asked for, and the group of that name. */
export type ModelAccess = (name: string, group: Pick<ModelGroup, 'name' | 'source'>) => boolean;

/** The {@link accessIdOf} of a key that may use all models. */
export const ALL_ALLOWED = '[]';

/** The lists of models of a key and its team: equal texts for keys that may use the same ones. */
export function accessIdOf(key: KeyConfig, config: Pick<GatewayConfig, 'teams'>): string {
  return JSON.stringify(restrictions(key, config));
}

/**
 * The access of a key. As in LiteLLM, the name that is asked for or the model that it stands for must be in the list (`_can_object_call_model`
 * in litellm/proxy/auth/auth_checks.py, 1.110.2). A name that only a fallback serves needs that model, too.
 */
export function modelAccess(key: KeyConfig, config: Pick<GatewayConfig, 'teams' | 'groups'>): ModelAccess {
  const lists = restrictions(key, config).map((list) => listMatcher(list, config.groups));
  return (name, { name: group, source }) =>
    lists.every((has) => (has(name) || has(group)) && (source === undefined || has(source)));
}

/** The lists that a model must be in; an empty one is none. */
function restrictions(
  { models, team }: KeyConfig,
  { teams }: Pick<GatewayConfig, 'teams'>,
): readonly (readonly string[])[] {
  const ofTeam = team === undefined ? [] : (teams.find(({ alias }) => alias === team)?.models ?? []);
  const own = models.includes(TEAM_MODELS) ? [] : models;
  return [own, ofTeam].filter((list) => list.length > 0 && !list.includes(ALL_MODELS));
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
