import type { Deployment, GatewayConfig, ModelGroup, TeamConfig, Wildcard } from '../schema/gateway-config.ts';
import { wildcardOf } from '../schema/wildcard.ts';
import type { ClientKey } from './keys/client-key.ts';
import { KeyRing } from './keys/key-ring.ts';
import { accessIdOf, ALL_ALLOWED, modelAccess, type KeyAccess } from './keys/model-access.ts';
import type { StoredKeys } from './keys/stored-keys.ts';
import { Limiter } from './limits/limiter.ts';

/** The names of a configuration that clients may ask for, and their models. */
export interface ModelNames {
  /** By every name that clients may ask for: aliases, and the names of their entries. */
  readonly models: ReadonlyMap<string, ModelGroup>;
  /** The group of a name: its own, or the one of a wildcard that stands for one model. */
  groupOf(name: string): ModelGroup | undefined;
  readonly hasWildcards: boolean;
  /** Whether a server may have got a model by this name since the servers behind wildcards were listed. */
  mayAppear(name: string): boolean;
  /** Whether the caller may use a model by this name, if there is or comes to be one. */
  mayHave(name: string): boolean;
  /** The names of `models` that lists show: aliases that are not hidden. */
  readonly listed: readonly string[];
}

/** The fallback models of a model, best first. */
export type FallbacksOf = (kind: 'failed' | 'too-long', group: ModelGroup) => readonly ModelGroup[];

/** Everything of a configuration that requests look up. */
export interface Lookups extends ModelNames {
  readonly fallbacks: FallbacksOf;
  readonly keys: KeyRing;
  readonly limiter: Limiter;
  /** The names that exist for a caller: all of them without a key of a client. */
  namesFor(key: ClientKey | undefined): ModelNames;
}

/** Most lists of models for which the names are kept; a further one takes the place of the oldest. */
const MOST_VIEWS = 500;

/** The access of a key as it was found, and the team that it was found with: a team of the store may change at any time. */
interface KnownAccess {
  readonly team: TeamConfig | undefined;
  readonly id: string;
}

/** Makes the look-ups of a configuration. The limiter and the keys of the store go on: a reload resets no limit. */
export function lookupsOf(config: GatewayConfig, limiter = new Limiter(), stored?: StoredKeys): Lookups {
  limiter.forgetIdle(performance.now());
  const names = modelNamesOf(config);
  const keys = new KeyRing(config.keys, config.teams, stored, (name) => names.groupOf(name), config.endUserLimits);
  const views = new Map<string, ModelNames>();
  const known = new WeakMap<ClientKey, KnownAccess>();
  const accessOf = (key: ClientKey): KnownAccess => {
    const team = keys.teamOf(key);
    const access = known.get(key);
    if (access !== undefined && access.team === team) return access;
    const found = { team, id: accessIdOf(key, team) };
    known.set(key, found);
    return found;
  };
  const namesFor = (key: ClientKey | undefined): ModelNames => {
    if (key === undefined) return names;
    const { id, team } = accessOf(key);
    if (id === ALL_ALLOWED) return names;
    const kept = views.get(id);
    if (kept !== undefined) return kept;
    const view = allowedNames(names, modelAccess(key, team, config.groups), key.stored?.aliases ?? new Map());
    const [oldest] = views.size < MOST_VIEWS ? [] : views.keys();
    if (oldest !== undefined) views.delete(oldest);
    views.set(id, view);
    return view;
  };
  return { ...names, fallbacks: fallbacksOf(config), keys, limiter, namesFor };
}

/** Of all names those that a key may use, and its own names: for it the others do not exist. */
function allowedNames(
  names: ModelNames,
  { allows, allowsAlias }: KeyAccess,
  aliases: ReadonlyMap<string, string>,
): ModelNames {
  const models = new Map([...names.models].filter(([name, group]) => !aliases.has(name) && allows(name, group)));
  const listed = names.listed.filter((name) => models.has(name));
  const ofAlias = (alias: string, target: string): ModelGroup | undefined => {
    const group = names.groupOf(target);
    return group !== undefined && allowsAlias(alias, target, group) ? group : undefined;
  };
  for (const [alias, target] of aliases) {
    const group = ofAlias(alias, target);
    if (group === undefined) continue;
    models.set(alias, group);
    listed.push(alias);
  }
  const groupOf = (name: string): ModelGroup | undefined => {
    const group = models.get(name) ?? (aliases.has(name) ? undefined : names.groupOf(name));
    return group !== undefined && (aliases.has(name) || allows(name, group)) ? group : undefined;
  };
  const mayHave = (name: string): boolean => {
    const target = aliases.get(name);
    return target === undefined ? allows(name, { name }) : allowsAlias(name, target, { name: target });
  };
  return {
    models,
    groupOf,
    hasWildcards: names.hasWildcards,
    listed,
    // A group that appears has the name that was asked for.
    mayAppear: (name) => mayHave(name) && names.mayAppear(aliases.get(name) ?? name),
    mayHave,
  };
}

/** The names of a configuration. */
export function modelNamesOf({ groups, aliases, hidden, wildcards }: GatewayConfig): ModelNames {
  const models = new Map(groups.map((group): [string, ModelGroup] => [group.name, group]));
  const listed = [...models.keys()].filter((name) => !hidden.has(name));
  for (const [alias, name] of aliases) {
    const group = models.get(name);
    if (group === undefined || models.has(alias)) continue;
    models.set(alias, group);
    if (!hidden.has(alias)) listed.push(alias);
  }
  for (const group of groupsByOwnName(groups)) if (!models.has(group.name)) models.set(group.name, group);
  const matched = (name: string): Wildcard | undefined => wildcardOf(name, wildcards)?.wildcard;
  const groupOf = (name: string): ModelGroup | undefined => {
    const group = models.get(name);
    if (group !== undefined || wildcards.length === 0) return group;
    const wildcard = matched(name);
    return wildcard === undefined || wildcard.fixed.length === 0 ? undefined : models.get(wildcard.pattern);
  };
  const mayAppear = (name: string): boolean => groupOf(name) === undefined && matched(name) !== undefined;
  return { models, listed, groupOf, hasWildcards: wildcards.length > 0, mayAppear, mayHave: () => true };
}

/** The deployments of each `litellm_params.model`: LiteLLM's clients may ask for `ollama_chat/NAME` as well. */
function groupsByOwnName(groups: readonly ModelGroup[]): readonly ModelGroup[] {
  const byName = new Map<string, [Deployment, ...Deployment[]]>();
  for (const deployment of groups.flatMap(({ deployments, isFallback }) => (isFallback ? [] : deployments))) {
    const name = deployment.listed.params['model'];
    if (typeof name !== 'string' || name.includes('*')) continue;
    const found = byName.get(name);
    if (found === undefined) byName.set(name, [deployment]);
    else found.push(deployment);
  }
  return [...byName].map(([name, deployments]) => ({ name, deployments }));
}

/** The fallback models of a configuration. */
export function fallbacksOf({ groups, routing: { fallbacks, contextFallbacks } }: GatewayConfig): FallbacksOf {
  const byName = new Map(groups.map((group) => [group.name, group]));
  return (kind, { name }) => {
    const names = (kind === 'failed' ? fallbacks : contextFallbacks).get(name) ?? [];
    return names.flatMap((other) => byName.get(other) ?? []);
  };
}
