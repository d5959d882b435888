import type { Deployment, GatewayConfig, ModelGroup, Wildcard } from '../schema/gateway-config.ts';
import { wildcardOf } from '../schema/wildcard.ts';
import { KeyRing } from './keys/key-ring.ts';

/** The names of a configuration that clients may ask for, and their models. */
export interface ModelNames {
  /** By every name that clients may ask for: aliases, and the names of their entries. */
  readonly models: ReadonlyMap<string, ModelGroup>;
  /** The group of a name: its own, or the one of a wildcard that stands for one model. */
  groupOf(name: string): ModelGroup | undefined;
  readonly hasWildcards: boolean;
  /** Whether a server may have got a model by this name since the servers behind wildcards were listed. */
  mayAppear(name: string): boolean;
  /** The names of `models` that lists show: aliases that are not hidden. */
  readonly listed: readonly string[];
}

/** The fallback models of a model, best first. */
export type FallbacksOf = (kind: 'failed' | 'too-long', group: ModelGroup) => readonly ModelGroup[];

/** Everything of a configuration that requests look up. */
export interface Lookups extends ModelNames {
  readonly fallbacks: FallbacksOf;
  readonly keys: KeyRing;
}

/** Makes the look-ups of a configuration. */
export function lookupsOf(config: GatewayConfig): Lookups {
  return { ...modelNamesOf(config), fallbacks: fallbacksOf(config), keys: new KeyRing(config.keys) };
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
  return { models, listed, groupOf, hasWildcards: wildcards.length > 0, mayAppear };
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
