import { sha256 } from '../core/hash.ts';
import { canonicalModelName, isSameModel } from '../core/model-name.ts';
import type { Deployment, GatewayConfig, ModelGroup, Wildcard } from './config-types.ts';

/** Whether a name stands for many. */
export function isWildcard(name: string): boolean {
  return name.includes('*');
}

/** Longest name that a wildcard serves, characters. A longer one is a client's invention. */
const MAX_NAME_LENGTH = 200;

/**
 * The parts of a name that stand where the pattern has stars; `undefined` if the name does not match, or is too long. As in a regular
 * expression, the first star takes as much as it can. Instead of one: with five stars it took 23 s for a name of 400 characters.
 */
export function matchWildcard(pattern: string, name: string): readonly string[] | undefined {
  const [first = '', ...others] = pattern.split('*');
  if (others.length === 0) return pattern === name ? [] : undefined;
  if (name.length > MAX_NAME_LENGTH || !name.startsWith(first)) return undefined;
  const parts: string[] = [];
  let end = name.length;
  for (const [index, text] of others.toReversed().entries()) {
    const at = index === 0 ? name.length - text.length : name.lastIndexOf(text, end - text.length);
    if (at < first.length || end - text.length < at || !name.startsWith(text, at)) return undefined;
    parts.unshift(name.slice(at + text.length, end));
    end = at;
  }
  // Each part was cut behind its own text: the one before the first text behind a star is still missing.
  return [name.slice(first.length, end), ...parts.slice(0, -1)];
}

/** The pattern with its stars replaced, one after the other. As in LiteLLM, a name with more parts than stars stands for itself. */
export function fillWildcard(pattern: string, parts: readonly string[], name: string): string {
  const between = pattern.split('*');
  if (between.length === 1) return pattern;
  if (parts.length >= between.length) return name;
  return between.reduce((text, next, index) => `${text}${parts[index - 1] ?? '*'}${next}`);
}

/** The wildcard that serves a name: the longest pattern first, as in LiteLLM's pattern_match_deployments.py. */
export function wildcardOf(
  name: string,
  wildcards: readonly Wildcard[],
): { readonly wildcard: Wildcard; readonly parts: readonly string[] } | undefined {
  for (const wildcard of wildcards) {
    const parts = matchWildcard(wildcard.pattern, name);
    if (parts !== undefined) return { wildcard, parts };
  }
  return undefined;
}

/** The group that a wildcard makes for a name, on every server of the wildcard: whether they have the model is not known here. */
export function groupFor(
  name: string,
  { wildcard: { fixed, filled }, parts }: NonNullable<ReturnType<typeof wildcardOf>>,
): ModelGroup | undefined {
  const [first, ...rest] = [
    ...fixed,
    ...filled.map((deployment) => filledWith(deployment, fillWildcard(deployment.model, parts, name))),
  ];
  return first === undefined ? undefined : { name, deployments: [first, ...rest] };
}

/**
 * A configuration with a group for each model of the servers that a wildcard gives a name to. `found`: the models of each server, by
 * URL. Names that the file has keep their own entries.
 */
export function expandWildcards(config: GatewayConfig, found: ReadonlyMap<string, readonly string[]>): GatewayConfig {
  const made = new Map<string, [Deployment, ...Deployment[]]>();
  const written = new Set([...config.groups.map(({ name }) => name), ...config.aliases.keys()]);
  const hidden = new Set(config.hidden);
  for (const wildcard of config.wildcards)
    for (const deployment of wildcard.filled)
      for (const model of found.get(deployment.url) ?? []) {
        const name = nameFor(model, wildcard, deployment, config.wildcards);
        if (name === undefined) continue;
        // A name that only fallbacks mention is hidden until a server has the model.
        if (!config.aliases.has(name) && !wildcard.isHidden) hidden.delete(name);
        if (!written.has(name) && wildcard.isHidden) hidden.add(name);
        const group = made.get(name);
        if (group === undefined) made.set(name, [filledWith(deployment, model), ...wildcard.fixed]);
        else group.push(filledWith(deployment, model));
      }
  if (made.size === 0 && hidden.size === config.hidden.size) return config;
  const { routing } = config;
  const general = (name: string): readonly string[] => routing.generalFallbacks.filter((other) => other !== name);
  const fallbacks = new Map(routing.fallbacks);
  if (routing.generalFallbacks.length > 0)
    for (const name of made.keys()) if (!fallbacks.has(name)) fallbacks.set(name, general(name));
  const added = [...made].flatMap(([name, deployments]) => (written.has(name) ? [] : [{ name, deployments }]));
  return {
    ...config,
    groups: [...narrowed(config, made), ...added],
    hidden,
    routing: { ...routing, fallbacks },
  };
}

/** The groups of the file. A group that only fallbacks mention keeps the servers that have its model. */
function narrowed(
  { groups, wildcards }: GatewayConfig,
  made: ReadonlyMap<string, ModelGroup['deployments']>,
): readonly ModelGroup[] {
  const filled = wildcards.flatMap((wildcard) => wildcard.filled.map(({ id }) => `${id}#`));
  const byName = new Map([...made].map(([name, deployments]) => [canonicalModelName(name), deployments]));
  return groups.map((group) => {
    const found = byName.get(canonicalModelName(group.name));
    if (found === undefined || !group.deployments.every(({ id }) => filled.some((prefix) => id.startsWith(prefix))))
      return group;
    const [first, ...rest] = group.deployments.filter(({ url }) => found.some((other) => other.url === url));
    return first === undefined ? group : { ...group, deployments: [first, ...rest] };
  });
}

/** The name under which a wildcard serves a model of a server; `undefined` if it serves it under none. */
function nameFor(
  model: string,
  wildcard: Wildcard,
  { model: filled }: Deployment,
  all: readonly Wildcard[],
): string | undefined {
  const parts = matchWildcard(filled, model);
  if (parts === undefined) return undefined;
  // A pattern with more stars than the model has stands for the model's own name.
  const name =
    wildcard.pattern.split('*').length > filled.split('*').length
      ? model
      : fillWildcard(wildcard.pattern, parts, model);
  const asked = wildcardOf(name, all);
  // Several stars can be filled in several ways: only the way of a request counts, and the most specific pattern.
  return asked?.wildcard === wildcard && isSameModel(fillWildcard(filled, asked.parts, name), model) ? name : undefined;
}

// The id of an entry is unique, so those of its deployments are.
function filledWith(deployment: Deployment, model: string): Deployment {
  const id = `${deployment.id}#${model}`;
  const { params, info } = deployment.listed;
  const written = String(params['model']);
  const prefix = written.endsWith(deployment.model) ? written.slice(0, -deployment.model.length) : '';
  return { ...deployment, model, id, listed: { id: sha256(id), params: { ...params, model: prefix + model }, info } };
}

/** The number of names that a file states, and of its patterns. */
export function countNames({ groups, wildcards }: GatewayConfig): {
  readonly models: number;
  readonly patterns: number;
} {
  return { models: groups.filter(({ name }) => !isWildcard(name)).length, patterns: wildcards.length };
}

/** Orders wildcards: longer patterns first, then those with more stars. */
export function bySpecificity(a: Wildcard, b: Wildcard): number {
  return b.pattern.length - a.pattern.length || b.pattern.split('*').length - a.pattern.split('*').length;
}
