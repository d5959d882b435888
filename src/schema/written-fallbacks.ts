import { isObject } from '../core/json.ts';
import type { DocumentPath } from './issue.ts';
import type { IssueList } from './section.ts';

/** A list of fallbacks and its path in the document. */
export interface GivenFallbacks {
  readonly path: DocumentPath;
  readonly value: readonly unknown[] | undefined;
}

/** Fallbacks as written, by the name that has them; `*` has those of every name without its own. */
export type WrittenFallbacks = ReadonlyMap<string, WrittenNames>;

/** Names as written, each with its path. */
export type WrittenNames = readonly { readonly name: string; readonly path: DocumentPath }[];

/** The name that stands for every one without fallbacks of its own. */
export const EVERY_NAME = '*';
/** The effect of a mistake in a list of fallbacks. */
export const SKIPPED = 'this fallback is skipped';

/**
 * Reads LiteLLM's `fallbacks`, `[{MODEL: [OTHER, …]}, …]`, and `default_fallbacks`. The first list that exists counts. A wrong
 * part is skipped, with a warning.
 */
export function readFallbacks(
  lists: readonly GivenFallbacks[],
  defaults: readonly GivenFallbacks[],
  findings: IssueList,
): WrittenFallbacks {
  const written = new Map<string, WrittenNames>();
  const given = lists.find(({ value }) => value !== undefined);
  for (const [index, entry] of (given?.value ?? []).entries()) {
    const path = [...(given?.path ?? []), index];
    if (!isObject(entry)) skip(path, 'a mapping of a model_name to a list of others', entry, findings);
    for (const [name, others] of Object.entries(isObject(entry) ? entry : {}))
      written.set(name, readNames(others, [...path, name], findings));
  }
  const general = defaults.find(({ value }) => value !== undefined);
  if (general !== undefined && !written.has(EVERY_NAME))
    written.set(EVERY_NAME, readNames(general.value, general.path, findings));
  return written;
}

function readNames(value: unknown, path: DocumentPath, findings: IssueList): WrittenNames {
  if (!Array.isArray(value)) {
    skip(path, 'a list of model_name values', value, findings);
    return [];
  }
  return value.flatMap((item: unknown, index) => {
    // LiteLLM also accepts {model: NAME, …}, with parameters of the request.
    const name = isObject(item) ? item['model'] : item;
    if (typeof name === 'string') return [{ name, path: [...path, index] }];
    skip([...path, index], 'a model_name', name, findings);
    return [];
  });
}

function skip(path: DocumentPath, expected: string, value: unknown, findings: IssueList): void {
  findings.tolerate(SKIPPED, (part) => {
    part.wrong(path, expected, value);
  });
}
