import { nearestName } from '../core/spelling.ts';
import type { GatewayConfig } from './config-types.ts';
import { pathText, type DocumentPath, type Issue } from './issue.ts';
import { isWildcard, matchWildcard, wildcardOf } from './wildcard.ts';

/** LiteLLM's words for several models. */
const WORDS = ['all-proxy-models', 'all-team-models', 'no-default-models'];
/** Most names that a wrong one is compared with: each comparison takes some 10 µs. */
const MOST_COMPARED = 100;

/** Names in `models` of keys and teams that allow no model: a slip there shuts a client out. */
export function keyIssues(config: GatewayConfig): readonly Issue[] {
  const known = knownNames(config);
  const isKnown = (name: string): boolean =>
    known.has(name) ||
    (isWildcard(name)
      ? config.wildcards.length > 0 || [...known].some((one) => matchWildcard(name, one) !== undefined)
      : wildcardOf(name, config.wildcards) !== undefined);
  const judge = (models: readonly string[], path: DocumentPath): readonly Issue[] =>
    models.flatMap((name, index): readonly Issue[] => {
      if (isKnown(name)) return [];
      const near = known.size > MOST_COMPARED ? undefined : nearestName(name, [...known]);
      const at = [...path, 'models', index];
      return [
        {
          severity: 'warning',
          code: 'lint.keys',
          path: at,
          message: `expected the name of a model, an access group or a pattern of them, found ${JSON.stringify(name.slice(0, 80))}, which allows no model`,
          fix: near === undefined ? `correct ${pathText(at)}, or remove it` : `set ${pathText(at)} to ${near}`,
        },
      ];
    });
  return [
    ...config.teams.flatMap(({ models }, index) => judge(models, ['hxllm', 'teams', index])),
    ...config.keys.flatMap(({ models }, index) => judge(models, ['hxllm', 'keys', index])),
  ];
}

function knownNames({ groups, aliases }: GatewayConfig): ReadonlySet<string> {
  const names = new Set([...WORDS, ...groups.map(({ name }) => name), ...aliases.keys()]);
  for (const { listed } of groups.flatMap(({ deployments }) => deployments)) {
    const { model } = listed.params;
    if (typeof model === 'string') names.add(model);
    const { access_groups: given } = listed.info;
    for (const group of Array.isArray(given) ? given : []) if (typeof group === 'string') names.add(group);
  }
  return names;
}
