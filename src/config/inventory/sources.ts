import { existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { shownPath } from '../shown-path.ts';

/** The default inventory. */
export const DEFAULT_INVENTORY = 'inventories/dev.ini';

/** One `-i`: a file, a folder of inventories, or hosts with a comma. */
export type InventorySource =
  | { readonly kind: 'file' | 'folder'; readonly path: string }
  | { readonly kind: 'hosts'; readonly text: string };

/** The sources of `-i`, in order, as Ansible tells them apart: a text with a comma that is no path is a list of hosts. */
export function inventorySources(typed: readonly string[], cwd: string, home: string): readonly InventorySource[] {
  return typed.map((text) => {
    const path = resolve(cwd, text.replace(/^~(?=\/|$)/, home));
    if (text.includes(',') && !existsSync(path)) return { kind: 'hosts', text };
    return { kind: isFolder(path) || (text.endsWith('/') && !existsSync(path)) ? 'folder' : 'file', path };
  });
}

/**
 * The folders with `group_vars` and `host_vars`, in the order in which later ones override: the folder of each file and
 * each folder of `-i`, then the current folder, which stands for Ansible's playbook folder. A folder that comes twice
 * counts where it comes last.
 */
export function variableFolders(sources: readonly InventorySource[], cwd: string): readonly string[] {
  const folders = [...sources.flatMap(folderOf), cwd];
  return folders.filter((folder, index) => folders.lastIndexOf(folder) === index);
}

/** The folder of each file and each folder of `-i`, every one once. */
export function inventoryFolders(sources: readonly InventorySource[]): readonly string[] {
  return [...new Set(sources.flatMap(folderOf))];
}

/** The folder that holds the `group_vars` of new variables: that of the first file or folder, otherwise the current one. */
export function newVariablesFolder(sources: readonly InventorySource[], cwd: string): string {
  return sources.flatMap(folderOf)[0] ?? cwd;
}

/** The inventory for a new host where no file was read yet. */
export function newInventoryFile(sources: readonly InventorySource[], cwd: string): string {
  const source = sources.find(({ kind }) => kind !== 'hosts');
  if (source === undefined || source.kind === 'hosts') return join(cwd, DEFAULT_INVENTORY);
  return source.kind === 'folder' ? join(source.path, 'dev.ini') : source.path;
}

/** A source for messages. */
export function shownSource(source: InventorySource, cwd: string): string {
  return source.kind === 'hosts' ? source.text : shownPath(source.path, cwd);
}

function folderOf(source: InventorySource): readonly string[] {
  if (source.kind === 'hosts') return [];
  return [source.kind === 'folder' ? source.path : dirname(source.path)];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
