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

/** The wildcard that serves a name: the first in the order of {@link bySpecificity}. */
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
  const made = new Map<string, Made>();
  const written = new Set([...config.groups.map(({ name }) => name), ...config.aliases.keys()]);
  const hidden = new Set(config.hidden);
  const spelled = spellingOf(config);
  for (const wildcard of config.wildcards)
    for (const deployment of wildcard.filled)
      for (const model of found.get(deployment.url) ?? []) {
        const name = nameFor(model, wildcard, deployment, config.wildcards);
        if (name === undefined) continue;
        // A name that only fallbacks mention is hidden until a server has the model.
        if (!config.aliases.has(name) && !wildcard.isHidden) hidden.delete(name);
        if (!written.has(name) && wildcard.isHidden) hidden.add(name);
        const one = filledWith(deployment, spelled(deployment, model));
        const group = made.get(name);
        if (group === undefined) made.set(name, { wildcard, deployments: [one, ...wildcard.fixed] });
        else group.deployments.push(one);
      }
  if (made.size === 0 && hidden.size === config.hidden.size) return config;
  const { groups, twins } = narrowed(config, made);
  const aliases = new Map(config.aliases);
  const added: ModelGroup[] = [];
  for (const [name, { deployments }] of made) {
    const twin = twins.get(canonicalModelName(name));
    if (written.has(name)) continue;
    if (twin !== undefined) aliases.set(name, twin);
    else added.push({ name, deployments });
  }
  // The name without its tag is found as fast as the one that the server has.
  for (const { name, deployments } of added) {
    const short = name.replace(/:latest$/, '');
    if (deployments[0].provider !== 'ollama' || short === '' || written.has(short) || made.has(short)) continue;
    aliases.set(short, name);
    hidden.add(short);
  }
  return { ...config, groups: [...groups, ...added], aliases, hidden, routing: routingOf(config, made, twins) };
}

/** The deployments of a name that a wildcard makes. */
interface Made {
  readonly wildcard: Wildcard;
  readonly deployments: [Deployment, ...Deployment[]];
}

/** Names that wildcards make have their own fallbacks, else those of their pattern, else those for all. */
function routingOf(
  { routing }: GatewayConfig,
  made: ReadonlyMap<string, Made>,
  twins: ReadonlyMap<string, string>,
): GatewayConfig['routing'] {
  const fallbacks = new Map(routing.fallbacks);
  const contextFallbacks = new Map(routing.contextFallbacks);
  for (const [known, { wildcard }] of made) {
    const name = twins.get(canonicalModelName(known)) ?? known;
    const listed = fallbacks.get(name) ?? routing.fallbacks.get(wildcard.pattern) ?? routing.generalFallbacks;
    fallbacks.set(
      name,
      listed.filter((other) => other !== name),
    );
    const longer = contextFallbacks.get(name) ?? routing.contextFallbacks.get(wildcard.pattern) ?? [];
    contextFallbacks.set(
      name,
      longer.filter((other) => other !== name),
    );
  }
  return { ...routing, fallbacks, contextFallbacks };
}

/** One model has one name on its server, so that its slots are counted once: the name that the file has, or else the server's. */
function spellingOf({ groups }: GatewayConfig): (on: Deployment, model: string) => string {
  const written = new Map<string, string>();
  const keyOf = (url: string, model: string): string => `${url} ${canonicalModelName(model)}`;
  for (const { deployments } of groups)
    for (const { url, model, provider } of deployments)
      if (provider === 'ollama' && !written.has(keyOf(url, model))) written.set(keyOf(url, model), model);
  return ({ url, provider }, model) => (provider === 'ollama' ? (written.get(keyOf(url, model)) ?? model) : model);
}

/**
 * The groups of the file. A group that only fallbacks mention keeps the servers that have its model; `twins` are these groups by their
 * canonical name, since a server may list the model under another form of it.
 */
function narrowed(
  { groups, wildcards }: GatewayConfig,
  made: ReadonlyMap<string, Made>,
): { readonly groups: readonly ModelGroup[]; readonly twins: ReadonlyMap<string, string> } {
  const filled = wildcards.flatMap((wildcard) => wildcard.filled.map(({ id }) => `${id}#`));
  const byName = new Map([...made].map(([name, { deployments }]) => [canonicalModelName(name), deployments]));
  const twins = new Map<string, string>();
  const narrow = (group: ModelGroup): ModelGroup => {
    const canonical = canonicalModelName(group.name);
    const found = byName.get(canonical);
    if (found === undefined || !group.deployments.every(({ id }) => filled.some((prefix) => id.startsWith(prefix))))
      return group;
    const [first, ...rest] = group.deployments.filter(({ url }) => found.some((other) => other.url === url));
    twins.set(canonical, group.name);
    return first === undefined ? group : { ...group, deployments: [first, ...rest] };
  };
  return { groups: groups.map(narrow), twins };
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

/** Characters that Python's re.escape puts a backslash before. */
const ESCAPED = /[()[\]{}?*+\-|^$\\.&~#\s]/g;
const COMPLEX = /[*+?\\^$|()]/g;

/**
 * Orders wildcards as LiteLLM does: by the length of the pattern's regular expression, then by its operators
 * (calculate_pattern_specificity in pattern_match_deployments.py, 1.108.7). Equal ones keep the order of the file.
 */
export function bySpecificity(a: Wildcard, b: Wildcard): number {
  const [one, other] = [a, b].map(({ pattern }) =>
    pattern.replaceAll(ESCAPED, String.raw`\$&`).replaceAll(String.raw`\*`, '(.*)'),
  );
  const operators = (text: string): number => text.match(COMPLEX)?.length ?? 0;
  return (other?.length ?? 0) - (one?.length ?? 0) || operators(other ?? '') - operators(one ?? '');
}
