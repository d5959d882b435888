import { exactNumber } from '../../core/exact-number.ts';
import { comparePython } from '../python/compare.ts';
import type { Value, Variables } from '../value.ts';
import type { Inventory } from './inventory.ts';
import { hostsOf } from './membership.ts';

/** One group of a listing: names of its own hosts and of its child groups; a key without names is left out. */
export interface ListedGroup {
  readonly hosts?: readonly string[];
  readonly children?: readonly string[];
}

/** The document of `ansible-inventory --list`, its keys sorted. */
export interface Listing {
  readonly [group: string]: ListedGroup | ListedVariables;
}

/** `_meta` of a listing: the variables of each host that has any. */
export interface ListedVariables {
  readonly hostvars: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const HIDDEN = '[redacted]';

/** Ansible sets these itself, and its listing leaves them out (`INTERNAL_STATIC_VARS`). */
const INTERNAL = new Set(
  `ansible_async_path ansible_collection_name ansible_config_file ansible_dependent_role_names ansible_diff_mode ansible_facts
   ansible_forks ansible_inventory_sources ansible_limit ansible_play_batch ansible_play_hosts ansible_play_hosts_all
   ansible_play_role_names ansible_playbook_python ansible_role_name ansible_role_names ansible_run_tags ansible_skip_tags
   ansible_verbosity ansible_version inventory_dir inventory_file inventory_hostname inventory_hostname_short groups group_names
   hostvars playbook_dir play_hosts role_name role_names role_path role_uuid`.split(/\s+/),
);

/**
 * Lists groups, hosts and raw variables as `ansible-inventory --list`: templates stay text, `!vault` stays encrypted.
 * `variables` are those of each chosen host. Values of encrypted files are hidden unless `reveal` is set.
 */
export function listingOf(
  inventory: Inventory,
  variables: ReadonlyMap<string, Variables>,
  { reveal }: { readonly reveal: boolean },
): Listing {
  const seen = new Map<string, ListedGroup>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    const group = inventory.groups.get(name);
    const hosts = name === 'all' ? [] : (group?.hosts ?? []).filter((host) => variables.has(host));
    const children = group?.children ?? [];
    seen.set(name, {
      ...(hosts.length === 0 ? {} : { hosts }),
      ...(children.length === 0 ? {} : { children }),
    });
    for (const child of children) visit(child);
  };
  visit('all');
  const hostvars = hostsOf(inventory, 'all').flatMap((host): [string, Readonly<Record<string, unknown>>][] => {
    const listed = [...(variables.get(host) ?? [])].flatMap(([name, value]): [string, unknown][] =>
      INTERNAL.has(name) ? [] : [[name, rawOf(value, reveal)]],
    );
    return listed.length === 0 ? [] : [[host, sorted(listed)]];
  });
  const groups = [...seen].filter(([, group]) => Object.keys(group).length > 0);
  return sorted<ListedGroup | ListedVariables>([['_meta', { hostvars: sorted(hostvars) }], ...groups]);
}

/** A group with the groups below it. */
export interface GroupTree {
  readonly name: string;
  readonly children: readonly GroupTree[];
  readonly hosts: readonly string[];
}

/** The groups from this one on. A group of two parents comes twice, as in Ansible. */
export function treeOf(inventory: Inventory, name: string): GroupTree {
  const group = inventory.groups.get(name);
  return {
    name,
    children: (group?.children ?? []).map((child) => treeOf(inventory, child)),
    hosts: name === 'all' ? [] : (group?.hosts ?? []),
  };
}

/** A tree as `ansible-inventory --graph` prints it, line by line. */
export function graphLines({ name, children, hosts }: GroupTree, depth = 0): readonly string[] {
  const line = (text: string, level: number): string => (level === 0 ? text : `${'  |'.repeat(level)}--${text}`);
  return [
    line(`@${name}:`, depth),
    ...children.flatMap((child) => graphLines(child, depth + 1)),
    ...hosts.map((host) => line(host, depth + 1)),
  ];
}

/** A value as Ansible writes it in JSON. */
function rawOf(value: Value, reveal: boolean): unknown {
  if ('ciphertext' in value && value.ciphertext !== undefined) return { __ansible_vault: value.ciphertext };
  if (value.kind === 'locked' || (value.encrypted && !reveal)) return HIDDEN;
  if (value.kind === 'list') return value.items.map((item) => rawOf(item, reveal));
  if (value.kind === 'map')
    return sorted([...value.entries].map(([key, entry]): [string, unknown] => [key, rawOf(entry, reveal)]));
  if (value.integer === true) return exactNumber(BigInt(String(value.value)));
  return value.literal ? { __ansible_unsafe: value.value } : value.value;
}

function sorted<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => comparePython(a, b)));
}
