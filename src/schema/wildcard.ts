import type { ModelGroup, Wildcard } from './config-types.ts';

/** Whether a name stands for many. */
export function isWildcard(name: string): boolean {
  return name.includes('*');
}

/** The parts of a name that stand where the pattern has stars; `undefined` if the name does not match. */
export function matchWildcard(pattern: string, name: string): readonly string[] | undefined {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('(.*)')}$`, 's').exec(name)?.slice(1);
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

/** The group that a wildcard makes for a name. `has` says which of the filled deployments exist. */
export function groupFor(
  name: string,
  { wildcard: { pattern, fixed, filled }, parts }: NonNullable<ReturnType<typeof wildcardOf>>,
  has: (url: string, model: string) => boolean = () => true,
): ModelGroup | undefined {
  const named = filled.flatMap((deployment) => {
    const model = fillWildcard(deployment.model, parts, name);
    return has(deployment.url, model) ? [{ ...deployment, model, id: `${pattern}@${deployment.url}#${model}` }] : [];
  });
  const [first, ...rest] = [...fixed, ...named];
  return first === undefined ? undefined : { name, deployments: [first, ...rest] };
}

/** Orders wildcards: longer patterns first, then those with more stars. */
export function bySpecificity(a: Wildcard, b: Wildcard): number {
  return b.pattern.length - a.pattern.length || b.pattern.split('*').length - a.pattern.split('*').length;
}
