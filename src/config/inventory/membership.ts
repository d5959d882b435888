import { comparePython } from '../python/compare.ts';
import type { Group, Inventory } from './inventory.ts';

/** The hosts of a group, then those of its children and of theirs, level by level in the order of `:children`, as in Ansible. */
export function hostsOf(inventory: Inventory, groupName: string): readonly string[] {
  const found = new Set<string>();
  const groups = new Set([groupName]);
  // A set is walked in the order of its additions, those made meanwhile too.
  for (const name of groups) {
    const group = inventory.groups.get(name);
    for (const host of group?.hosts ?? []) found.add(host);
    for (const child of group?.children ?? []) groups.add(child);
  }
  return [...found];
}

/** A group of a host, and its depth below `all` by the longest path. */
export interface GroupAtDepth {
  readonly group: Group;
  readonly depth: number;
}

/**
 * All groups of a host, in the order in which Ansible merges them: by depth, `ansible_group_priority` and name. Later
 * ones override earlier ones.
 */
export function groupsOf(inventory: Inventory, host: string): readonly GroupAtDepth[] {
  const depths = depthsOf(inventory);
  const groups = [...inventory.groups.values()];
  const mine = new Set(['all']);
  const climb = (name: string): void => {
    if (mine.has(name)) return;
    mine.add(name);
    for (const group of groups) if (group.children.includes(name)) climb(group.name);
  };
  for (const group of groups) if (group.hosts.includes(host)) climb(group.name);
  return groups
    .filter(({ name }) => mine.has(name))
    .map((group) => ({ group, depth: depths.get(group.name) ?? 0 }))
    .toSorted(
      (a, b) => a.depth - b.depth || a.group.priority - b.group.priority || comparePython(a.group.name, b.group.name),
    );
}

/** The depth of each group below `all`, by its longest path. */
function depthsOf(inventory: Inventory): ReadonlyMap<string, number> {
  const depths = new Map<string, number>();
  const visit = (name: string, depth: number): void => {
    if ((depths.get(name) ?? -1) >= depth) return;
    depths.set(name, depth);
    for (const child of inventory.groups.get(name)?.children ?? []) visit(child, depth + 1);
  };
  visit('all', 0);
  return depths;
}
