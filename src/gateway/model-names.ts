import type { Deployment, GatewayConfig, KeyConfig, ModelGroup, Wildcard } from '../schema/gateway-config.ts';
import { wildcardOf } from '../schema/wildcard.ts';
import { KeyRing } from './keys/key-ring.ts';
import { Limiter } from './limits/limiter.ts';
import { accessIdOf, ALL_ALLOWED, modelAccess, type ModelAccess } from './keys/model-access.ts';

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
  namesFor(key: KeyConfig | undefined): ModelNames;
}

/** Most lists of models for which the names are kept; a further one takes the place of the oldest. */
const MOST_VIEWS = 500;

/** Makes the look-ups of a configuration. The limiter goes on: a reload resets no limit. */
export function lookupsOf(config: GatewayConfig, limiter = new Limiter()): Lookups {
  limiter.forgetIdle(performance.now());
  const names = modelNamesOf(config);
  const views = new Map<string, ModelNames>();
  const ids = new WeakMap<KeyConfig, string>();
  const namesFor = (key: KeyConfig | undefined): ModelNames => {
    if (key === undefined) return names;
    const id = ids.get(key) ?? accessIdOf(key, config);
    ids.set(key, id);
    if (id === ALL_ALLOWED) return names;
    const known = views.get(id);
    if (known !== undefined) return known;
    const view = allowedNames(names, modelAccess(key, config));
    const [oldest] = views.size < MOST_VIEWS ? [] : views.keys();
    if (oldest !== undefined) views.delete(oldest);
    views.set(id, view);
    return view;
  };
  return { ...names, fallbacks: fallbacksOf(config), keys: new KeyRing(config.keys, config.teams), limiter, namesFor };
}

/** Of all names those that a key may use: for it the others do not exist. */
function allowedNames(names: ModelNames, allows: ModelAccess): ModelNames {
  const models = new Map([...names.models].filter(([name, group]) => allows(name, group)));
  const groupOf = (name: string): ModelGroup | undefined => {
    const group = models.get(name) ?? names.groupOf(name);
    return group !== undefined && allows(name, group) ? group : undefined;
  };
  return {
    models,
    groupOf,
    hasWildcards: names.hasWildcards,
    listed: names.listed.filter((name) => models.has(name)),
    // A group that appears has the name that was asked for.
    mayAppear: (name) => allows(name, { name }) && names.mayAppear(name),
    mayHave: (name) => allows(name, { name }),
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
