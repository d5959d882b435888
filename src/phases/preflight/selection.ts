import { claimOf, familyOf } from '../../core/check.ts';
import type { Problem } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import { nearestName } from '../../core/spelling.ts';
import { CATALOGUE } from './catalogue.ts';
import type { PreflightCheck } from './subject.ts';

/** Splits the value of `--only` at commas, except inside the brackets of a subject. */
export function namesIn(text: string): readonly string[] {
  return (text.match(/(?:[^,[]|\[[^\]]*\]?)+/g) ?? []).map((name) => name.trim()).filter((name) => name !== '');
}

/** A name that is neither a family nor an id, with the nearest one that is. */
export interface UnknownName {
  readonly name: string;
  readonly nearest: string | undefined;
}

/** The names that no check has, whatever the host. */
export function unknownNames(names: readonly string[]): readonly UnknownName[] {
  const ids = CATALOGUE.map(({ id }) => id);
  const families = [...new Set(ids.map(familyOf))];
  return names
    .filter((name) => !families.includes(name) && !ids.includes(claimOf(name)))
    .map((name) => ({ name, nearest: nearestOf(claimOf(name).toLowerCase(), families, ids) }));
}

// The claim alone, and the wrong family before it, are slips too: `resolves` and `net.resolves`.
function nearestOf(name: string, families: readonly string[], ids: readonly string[]): string | undefined {
  const claim = name.slice(name.indexOf('.') + 1);
  return (
    nearestName(name, [...families, ...ids]) ??
    ids.find((id) => id.endsWith(`.${claim}`)) ??
    families.find((family) => name !== '' && family.startsWith(name)) ??
    ids.find((id) => id.startsWith(`${familyOf(name)}.`) || id.includes(`.${claim}`))
  );
}

/** The checks with these families and ids, and the checks that they come after or stand alongside, in their order. */
export function selectChecks(
  checks: readonly PreflightCheck[],
  names: readonly string[] | undefined,
): readonly PreflightCheck[] {
  if (names === undefined) return checks;
  const wanted = new Set(checks.filter(({ id }) => names.some((name) => isNamed(id, name))).map(({ id }) => id));
  // Causes stand before the checks that they can skip, so one pass from the end finds all of them.
  for (const { id, after = [], alongside = [] } of checks.toReversed())
    if (wanted.has(id)) for (const cause of [...after, ...alongside]) wanted.add(cause);
  return checks.filter(({ id }) => wanted.has(id));
}

/** A Problem for each name that no check of these hosts has. Otherwise nothing would be judged, and the phase would pass. */
export function unmatchedNames(checks: readonly PreflightCheck[], names: readonly string[]): readonly Problem[] {
  return names
    .filter((name) => !checks.some(({ id }) => isNamed(id, name)))
    .map((name) => {
      const subjects = checks.filter(({ id }) => claimOf(id) === claimOf(name)).map(({ id }) => id);
      return {
        code: 'preflight.no-such-check',
        summary: `no host has the check ${name}`,
        detail: `Expected a check of these hosts, found ${subjects.length === 0 ? 'none with this name: the variables of the hosts give no cause for it' : subjects.join(', ')}.`,
        fix: shellLine(['hxllm', 'preflight', '--only', nearestName(name, subjects) ?? claimOf(name)]),
      };
    });
}

function isNamed(id: string, name: string): boolean {
  return id === name || familyOf(id) === name || claimOf(id) === name;
}
