import type { Assignment } from './unit-text.ts';
import type { ExpectedUnits, Rule } from './rule.ts';
import { ruleOf, type RuleSet } from './rules.ts';

/** A setting with which the gateway cannot work. */
export interface Break {
  /** `User`, as in the drop-in. */
  readonly setting: string;
  readonly why: string;
}

/** The assignments of one drop-in. */
interface ParsedDropIn {
  readonly path: string;
  readonly assignments: readonly Assignment[];
}

/**
 * The settings of drop-ins that break the gateway, by the path of the drop-in that sets the value in effect. `dropIns` are in
 * the order in which they are applied. `shown` is the output of systemctl-show(1) for hxllm's own unit with these drop-ins;
 * where it has a value as expected, the setting breaks nothing.
 */
export function breakingSettings(
  unit: RuleSet,
  dropIns: readonly ParsedDropIn[],
  expected: ExpectedUnits,
  shown: string | undefined,
): ReadonlyMap<string, readonly Break[]> {
  const found = new Map<string, Break[]>();
  for (const [section, setting] of settingsOf(dropIns)) {
    const rule = ruleOf(unit, section, setting);
    if (rule === undefined) continue;
    const { values, setBy } = mergedValue(section, setting, rule, dropIns, expected);
    const reported = shown === undefined ? undefined : shownValues(shown, setting);
    const why = rule.breaks(values, expected);
    if (why === undefined || (reported !== undefined && rule.breaks(reported, expected) === undefined)) continue;
    found.set(setBy, [...(found.get(setBy) ?? []), { setting, why }]);
  }
  return found;
}

// Each pair of section and setting once.
function settingsOf(dropIns: readonly ParsedDropIn[]): readonly (readonly [string, string])[] {
  const all = dropIns.flatMap(({ assignments }) => assignments);
  return [...new Map(all.map(({ section, key }) => [`${section} ${key}`, [section, key] as const])).values()];
}

// hxllm's own value first, then each drop-in. An empty value resets what was set before.
function mergedValue(
  section: string,
  setting: string,
  rule: Rule,
  dropIns: readonly ParsedDropIn[],
  expected: ExpectedUnits,
): { readonly values: readonly string[]; readonly setBy: string } {
  let values: readonly string[] = rule.ours?.(expected) ?? [];
  let setBy = '';
  for (const { path, assignments } of dropIns) {
    for (const { section: place, key, value } of assignments) {
      if (place !== section || key !== setting) continue;
      values = value === '' ? [] : [...values, value];
      setBy = path;
    }
  }
  return { values, setBy };
}

const SHOWN_AS: Readonly<Record<string, string>> = { EnvironmentFile: 'EnvironmentFiles', ListenStream: 'Listen' };

/** The values of a setting in the output of systemctl-show(1), as a unit file has them; `undefined` if it is not shown. */
function shownValues(shown: string, setting: string): readonly string[] | undefined {
  const name = `${SHOWN_AS[setting] ?? setting}=`;
  const lines = shown.split('\n').flatMap((line) => (line.startsWith(name) ? [line.slice(name.length)] : []));
  if (lines.length === 0) return undefined;
  const filled = lines.filter((line) => line !== '');
  if (setting.startsWith('Exec'))
    return filled.flatMap((line) => [...line.matchAll(/argv\[\]=(.*?) ; ignore_errors=/g)].map((one) => one[1] ?? ''));
  if (setting === 'EnvironmentFile')
    return filled.map((line) =>
      line.replace(/^(.*) \(ignore_errors=yes\)$/, '-$1').replace(/ \(ignore_errors=no\)$/, ''),
    );
  if (setting === 'ListenStream') return filled.map((line) => line.replace(/ \(Stream\)$/, ''));
  return filled;
}
