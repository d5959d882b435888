import { dirname, join } from 'node:path';
import { ok, type Result } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { groupsOf } from '../inventory/membership.ts';
import type { SourceFiles } from '../source-files.ts';
import { scalar, type Value } from '../value.ts';
import { readVariables, type VariableSet } from './files.ts';
import type { Scope } from './template.ts';

/** Reads each file of group_vars and host_vars once, however many hosts share it. */
export class VariableFolders {
  readonly #sets = new Map<string, VariableSet>();
  readonly #folders: readonly string[];
  readonly #files: SourceFiles;
  readonly #findings: Findings;

  /** `folders` contain `group_vars` and `host_vars`; within a class later folders override earlier ones. */
  constructor(folders: readonly string[], files: SourceFiles, findings: Findings) {
    this.#folders = [...new Set(folders)];
    this.#files = files;
    this.#findings = findings;
  }

  /** One set for each folder, in order. */
  async sets(kind: 'group_vars' | 'host_vars', name: string): Promise<Result<readonly VariableSet[]>> {
    const sets: VariableSet[] = [];
    for (const folder of this.#folders) {
      const path = join(folder, kind, name);
      const known = this.#sets.get(path);
      const read =
        known === undefined ? await readVariables(join(folder, kind), name, this.#files, this.#findings) : ok(known);
      if (!read.ok) return read;
      this.#sets.set(path, read.value);
      sets.push(read.value);
    }
    return ok(sets);
  }
}

/**
 * Merges the variables of a host in Ansible's order, in which later ones override earlier ones: inline `[all:vars]`,
 * inline `[group:vars]`, `group_vars/all`, `group_vars/<group>`, the host's line, `host_vars/<host>`. Dicts are
 * replaced, not merged.
 */
export async function mergeVariables(
  host: string,
  inventory: Inventory,
  inventoryFile: string,
  folders: VariableFolders,
): Promise<Result<Scope>> {
  const variables = new Map<string, Value>();
  const lockedFiles: string[] = [];
  const lay = (set: ReadonlyMap<string, Value>): void => {
    for (const [name, value] of set) variables.set(name, value);
  };
  const groups = groupsOf(inventory, host);
  for (const group of groups) lay(group.variables);
  // It orders the groups and is not a variable.
  variables.delete('ansible_group_priority');
  const classes: readonly (readonly string[])[] = [
    ['all'],
    groups.map((group) => group.name).filter((name) => name !== 'all'),
  ];
  for (const names of classes) {
    const read: (readonly VariableSet[])[] = [];
    for (const name of names) {
      const sets = await folders.sets('group_vars', name);
      if (!sets.ok) return sets;
      read.push(sets.value);
    }
    // Groups beside the inventory come before groups beside the current folder.
    for (const index of read[0]?.keys() ?? []) {
      for (const sets of read) {
        lay(sets[index]?.variables ?? new Map());
        lockedFiles.push(...(sets[index]?.lockedFiles ?? []));
      }
    }
  }
  lay(inventory.hosts.get(host)?.variables ?? new Map());
  const own = await folders.sets('host_vars', host);
  if (!own.ok) return own;
  for (const set of own.value) {
    lay(set.variables);
    lockedFiles.push(...set.lockedFiles);
  }
  for (const [name, text] of magicOf(host, inventoryFile))
    variables.set(name, scalar(text, { path: name }, { literal: true }));
  return ok({ variables, lockedFiles });
}

function magicOf(host: string, inventoryFile: string): readonly (readonly [string, string])[] {
  return [
    ['inventory_hostname', host],
    ['inventory_hostname_short', host.replace(/\..*$/, '')],
    ['inventory_file', inventoryFile],
    ['inventory_dir', dirname(inventoryFile)],
  ];
}
