import type { ModelGroup } from './config-types.ts';
import type { GroupNames } from './group-names.ts';
import type { IssueList } from './section.ts';
import { EVERY_NAME, SKIPPED, type WrittenFallbacks, type WrittenNames } from './written-fallbacks.ts';

/**
 * Fallback groups by group, from those as written. Names without a group are skipped, with a warning. `groups` are those that
 * `*` gives its fallbacks to.
 */
export function resolveFallbacks(
  written: WrittenFallbacks,
  groups: readonly ModelGroup[],
  names: GroupNames,
  findings: IssueList,
): { readonly fallbacks: ReadonlyMap<string, readonly string[]>; readonly general: readonly string[] } {
  const fallbacks = new Map<string, readonly string[]>();
  const listOf = (others: WrittenNames): readonly string[] =>
    others.flatMap(({ name, path }) => {
      const group = names.groupOf(name);
      if (group === undefined) names.report(name, path, SKIPPED, findings);
      return group ?? [];
    });
  for (const [name, others] of written) {
    if (name === EVERY_NAME) continue;
    const list = listOf(others);
    // The names that a pattern makes later have the fallbacks of the pattern.
    const group = names.isPattern(name) ? name : names.groupOf(name);
    if (group !== undefined)
      fallbacks.set(
        group,
        list.filter((other) => other !== group),
      );
    else if (list.length > 0 || !names.isLeftOut(name)) {
      const path = others[0]?.path.slice(0, -1);
      if (path !== undefined) names.report(name, path, SKIPPED, findings);
    }
  }
  const general = written.get(EVERY_NAME);
  if (general === undefined) return { fallbacks, general: [] };
  const list = listOf(general);
  for (const { name } of groups)
    if (!fallbacks.has(name))
      fallbacks.set(
        name,
        list.filter((other) => other !== name),
      );
  return { fallbacks, general: list };
}
