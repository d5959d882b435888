import { join } from 'node:path';
import { ok, type Result } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { groupsOf } from '../inventory/membership.ts';
import type { SourceFiles } from '../source-files.ts';
import type { Definition } from '../value.ts';
import { readVariables, type HiddenFile, type VariableSet } from './files.ts';

/** The rule by which a layer has its place in Ansible's order. */
export type LayerKind = 'group-lines' | 'all-files' | 'group-files' | 'host-lines' | 'host-files';

/** Definitions of one host that have the same rank in Ansible's order. */
export interface Layer {
  readonly kind: LayerKind;
  /** The group or host that the variables belong to. */
  readonly owner: string;
  /** Of a group: its depth below `all` and its `ansible_group_priority`. */
  readonly depth?: number;
  readonly priority?: number;
  /** Of files: the folder that holds `group_vars` or `host_vars`. */
  readonly folder?: string;
  /** In the order of reading: later ones override earlier ones. */
  readonly definitions: readonly Definition[];
  /** Names of encrypted files without a password, for messages. */
  readonly lockedFiles: readonly string[];
  /** Files that another one hides, so that they are never read. */
  readonly hiddenFiles: readonly HiddenFile[];
}

/** Reads each file of group_vars and host_vars once, however many hosts share it. */
export class VariableFolders {
  readonly #sets = new Map<string, VariableSet>();
  readonly #files: SourceFiles;
  readonly #findings: Findings;
  /** Each contains `group_vars` and `host_vars`; within a class later folders override earlier ones. */
  readonly folders: readonly string[];

  constructor(folders: readonly string[], files: SourceFiles, findings: Findings) {
    this.folders = folders;
    this.#files = files;
    this.#findings = findings;
  }

  /** The variables of a group or host from one of the folders. */
  async read(folder: string, kind: 'group_vars' | 'host_vars', name: string): Promise<Result<VariableSet>> {
    const path = join(folder, kind, name);
    const known = this.#sets.get(path);
    if (known !== undefined) return ok(known);
    const read = await readVariables(join(folder, kind), name, this.#files, this.#findings);
    if (read.ok) this.#sets.set(path, read.value);
    return read;
  }
}

/**
 * The layers of a host in Ansible's order, in which later ones override earlier ones: inline `[all:vars]`, inline
 * `[group:vars]`, `group_vars/all` of each folder, `group_vars/<group>` of each folder, the host's lines,
 * `host_vars/<host>` of each folder (vars/manager.py).
 */
export async function layersOf(
  host: string,
  inventory: Inventory,
  folders: VariableFolders,
): Promise<Result<readonly Layer[]>> {
  const groups = groupsOf(inventory, host);
  const layers: Layer[] = groups.map(({ group, depth }) => ({
    kind: 'group-lines',
    owner: group.name,
    depth,
    priority: group.priority,
    definitions: group.definitions,
    lockedFiles: [],
    hiddenFiles: [],
  }));
  const rest = groups.filter(({ group }) => group.name !== 'all');
  const wanted: Omit<Layer, keyof VariableSet>[] = [
    ...folders.folders.map((folder) => ({ kind: 'all-files', owner: 'all', folder }) as const),
    ...folders.folders.flatMap((folder) =>
      rest.map(
        ({ group, depth }) =>
          ({ kind: 'group-files', owner: group.name, depth, priority: group.priority, folder }) as const,
      ),
    ),
  ];
  for (const layer of wanted) {
    const read = await folders.read(layer.folder ?? '', 'group_vars', layer.owner);
    if (!read.ok) return read;
    layers.push({ ...layer, ...read.value });
  }
  layers.push({
    kind: 'host-lines',
    owner: host,
    definitions: inventory.hosts.get(host)?.definitions ?? [],
    lockedFiles: [],
    hiddenFiles: [],
  });
  for (const folder of folders.folders) {
    const read = await folders.read(folder, 'host_vars', host);
    if (!read.ok) return read;
    layers.push({ kind: 'host-files', owner: host, folder, ...read.value });
  }
  return ok(layers);
}
