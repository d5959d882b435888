import { describeValue, type Definition, type Value } from '../value.ts';
import type { Where } from '../../core/problem.ts';
import type { Layer, LayerKind } from './layers.ts';

/** One definition of a variable, and the reason why the one above it overrides it. */
export interface ExplainedDefinition {
  readonly where: Where;
  /** The value for people: short, on one line, never a secret. */
  readonly shown: string;
  readonly encrypted: boolean;
  /** The rule that gives the place its rank: `group_vars of [web]`. */
  readonly rule: string;
  /** Set if a stronger definition exists: why that one overrides this one. */
  readonly overriddenBecause?: string;
}

/** One variable of a host: its definitions, the strongest first. The first one counts. */
export interface ExplainedVariable {
  readonly name: string;
  readonly definitions: readonly ExplainedDefinition[];
}

/** Ansible's ranks of definitions, the weakest first. */
const RANKS: readonly LayerKind[] = ['group-lines', 'all-files', 'group-files', 'host-lines', 'host-files'];

interface Ranked {
  readonly layer: Layer;
  readonly definition: Definition;
}

/** Explains every variable of the layers of one host, by name. `shownFolder` names a folder for people. */
export function explainVariables(
  layers: readonly Layer[],
  shownFolder: (folder: string) => string,
): readonly ExplainedVariable[] {
  const byName = new Map<string, Ranked[]>();
  for (const layer of layers)
    for (const definition of layer.definitions)
      byName.set(definition.name, [{ layer, definition }, ...(byName.get(definition.name) ?? [])]);
  return [...byName]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, ranked]) => ({
      name,
      definitions: ranked.map((one, index) => {
        const stronger = ranked[index - 1];
        return {
          where: one.definition.value.where,
          shown: shownValue(one.definition.value),
          encrypted: one.definition.value.encrypted,
          rule: ruleOf(one.layer, shownFolder),
          ...(stronger === undefined ? {} : { overriddenBecause: reasonOf(stronger, one, shownFolder) }),
        };
      }),
    }));
}

/** The rule of a layer in words. */
export function ruleOf({ kind, owner, folder = '' }: Layer, shownFolder: (folder: string) => string): string {
  if (kind === 'group-lines') return `the inventory’s variables of [${owner}]`;
  if (kind === 'host-lines') return 'the host’s own lines of the inventory';
  return kind === 'host-files'
    ? `host_vars in ${shownFolder(folder)}`
    : `group_vars of [${owner}] in ${shownFolder(folder)}`;
}

const CLASSES: Readonly<Record<LayerKind, string>> = {
  'group-lines': 'variables of groups in the inventory',
  'all-files': 'group_vars of [all]',
  'group-files': 'group_vars of other groups',
  'host-lines': 'the host’s own lines of the inventory',
  'host-files': 'host_vars',
};

/** Why one definition overrides the next weaker one. */
function reasonOf(strong: Ranked, weak: Ranked, shownFolder: (folder: string) => string): string {
  const [a, b] = [strong.layer, weak.layer];
  if (RANKS.indexOf(a.kind) !== RANKS.indexOf(b.kind)) return `${CLASSES[a.kind]} override ${CLASSES[b.kind]}`;
  if (a.folder !== b.folder)
    return `${shownFolder(a.folder ?? '')} is read after ${shownFolder(b.folder ?? '')}: a later -i overrides, the current folder comes last`;
  if (a.owner !== b.owner) return groupReason(a, b);
  const [placeA, placeB] = [strong.definition.value.where, weak.definition.value.where];
  if (placeA.file !== placeB.file) return `${placeA.file ?? ''} is read after ${placeB.file ?? ''}`;
  return placeA.line === placeB.line ? 'the later value on the line overrides' : 'the later line of the file overrides';
}

function groupReason(a: Layer, b: Layer): string {
  if (a.depth !== b.depth)
    return `[${a.owner}] is deeper below [all] than [${b.owner}] (level ${String(a.depth)} and ${String(b.depth)}): the child group overrides`;
  if (a.priority !== b.priority)
    return `[${a.owner}] has the higher ansible_group_priority (${String(a.priority)} and ${String(b.priority)})`;
  return `of groups on one level the later name overrides: ${a.owner} after ${b.owner}`;
}

const LONGEST = 100;

/** A value on one line; secrets and encrypted parts are not shown. */
export function shownValue(value: Value): string {
  const text = inline(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function inline(value: Value): string {
  if (value.kind === 'locked') return '(encrypted)';
  if (value.encrypted) return '(encrypted, not shown)';
  if (value.kind === 'list') return `[${value.items.map(inline).join(', ')}]`;
  if (value.kind === 'map')
    return `{${[...value.entries].map(([key, entry]) => `${key}: ${inline(entry)}`).join(', ')}}`;
  const text = describeValue(value);
  if (text === 'a value that is not shown') return '(not shown)';
  return value.value === null
    ? 'null'
    : value.value === ''
      ? '""'
      : value.integer === true
        ? String(value.value)
        : text;
}
