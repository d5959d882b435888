import { isObject } from '../core/json.ts';
import type { DocumentPath } from './issue.ts';
import type { ModelGroup } from './config-types.ts';
import type { IssueList } from './section.ts';

/** A list of fallbacks and its path in the document. */
export interface GivenFallbacks {
  readonly path: DocumentPath;
  readonly value: readonly unknown[] | undefined;
}

/**
 * Reads LiteLLM's `fallbacks`, `[{MODEL: [OTHER, …]}, …]`. The first list that exists counts. `aliases` are further
 * names of groups.
 */
export function readFallbacks(
  lists: readonly GivenFallbacks[],
  groups: readonly ModelGroup[],
  aliases: ReadonlyMap<string, string>,
  findings: IssueList,
): ReadonlyMap<string, readonly string[]> {
  const fallbacks = new Map<string, readonly string[]>();
  const given = lists.find(({ value }) => value !== undefined);
  for (const [index, entry] of (given?.value ?? []).entries()) {
    const path = [...(given?.path ?? []), index];
    if (!isObject(entry)) findings.wrong(path, 'a mapping of a model_name to a list of others', entry);
    for (const [name, others] of Object.entries(isObject(entry) ? entry : {})) {
      const group = groupOf(name, [...path, name], groups, aliases, findings);
      const list = readNames(others, [...path, name], groups, aliases, findings);
      if (group !== undefined)
        fallbacks.set(
          group,
          list.filter((other) => other !== group),
        );
    }
  }
  return fallbacks;
}

/** Adds `default_fallbacks`: the fallbacks of every group without its own. */
export function withDefaults(
  fallbacks: ReadonlyMap<string, readonly string[]>,
  lists: readonly GivenFallbacks[],
  groups: readonly ModelGroup[],
  aliases: ReadonlyMap<string, string>,
  findings: IssueList,
): ReadonlyMap<string, readonly string[]> {
  const given = lists.find(({ value }) => value !== undefined);
  if (given === undefined) return fallbacks;
  const names = readNames(given.value, given.path, groups, aliases, findings);
  return new Map(groups.map(({ name }) => [name, fallbacks.get(name) ?? names.filter((other) => other !== name)]));
}

function readNames(
  value: unknown,
  path: DocumentPath,
  groups: readonly ModelGroup[],
  aliases: ReadonlyMap<string, string>,
  findings: IssueList,
): readonly string[] {
  if (!Array.isArray(value)) {
    findings.wrong(path, 'a list of model_name values', value);
    return [];
  }
  return value.flatMap((name: unknown, index) => groupOf(name, [...path, index], groups, aliases, findings) ?? []);
}

function groupOf(
  name: unknown,
  path: DocumentPath,
  groups: readonly ModelGroup[],
  aliases: ReadonlyMap<string, string>,
  findings: IssueList,
): string | undefined {
  const group = typeof name === 'string' ? (aliases.get(name) ?? name) : undefined;
  if (groups.some((known) => known.name === group)) return group;
  findings.wrong(path, `one of the model_name values (${groups.map((known) => known.name).join(', ')})`, name);
  return undefined;
}
