import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fail, ok, type Result } from '../../core/problem.ts';
import { readYaml } from '../document/yaml.ts';
import type { Findings } from '../findings.ts';
import { comparePython } from '../python/compare.ts';
import type { SourceFiles } from '../source-files.ts';
import { definitionsOf, describeValue, type Definition } from '../value.ts';

/** The variables of one group or host from one folder. */
export interface VariableSet {
  /** In the order of reading: later ones override earlier ones. */
  readonly definitions: readonly Definition[];
  /** Names of encrypted files without a password, for messages. */
  readonly lockedFiles: readonly string[];
  /** Files that are never read, since another one comes before them. */
  readonly hiddenFiles: readonly HiddenFile[];
}

/** A file that another file or folder hides; paths for messages. */
export interface HiddenFile {
  readonly file: string;
  readonly by: string;
}

const EXTENSIONS = ['', '.yml', '.yaml', '.json'];

/**
 * Reads `<folder>/<name>` by Ansible's rule: only the first of `name`, `name.yml`, `name.yaml` and `name.json` counts.
 * If that is a folder, all its files count in sorted order, and later ones override earlier ones.
 */
export async function readVariables(
  folder: string,
  name: string,
  files: SourceFiles,
  findings: Findings,
): Promise<Result<VariableSet>> {
  const { read: paths, hidden, by } = await variableFilesOf(folder, name);
  const read = await readAll(paths, files, findings);
  return read.ok
    ? ok({
        ...read.value,
        hiddenFiles: hidden.map((path) => ({
          file: files.shown(path),
          by: files.shown(by.path) + (by.isFolder ? '/' : ''),
        })),
      })
    : read;
}

/** The files of a group or host in `group_vars` or `host_vars`; absolute paths. */
export interface VariableFiles {
  /** In the order of reading. */
  readonly read: readonly string[];
  readonly hidden: readonly string[];
  /** The file or folder that hides them. */
  readonly by: { readonly path: string; readonly isFolder: boolean };
}

/** Lists the files that Ansible reads for a name, and those that it never reads since an earlier one exists. */
export async function variableFilesOf(folder: string, name: string): Promise<VariableFiles> {
  const found: { readonly path: string; readonly kind: 'file' | 'folder' }[] = [];
  for (const extension of EXTENSIONS) {
    const path = join(folder, name + extension);
    const kind = await kindOf(path);
    if (kind !== undefined) found.push({ path, kind });
  }
  const [first, ...hidden] = found;
  if (first === undefined) return { read: [], hidden: [], by: { path: '', isFolder: false } };
  const isFolder = first.kind === 'folder';
  return {
    read: isFolder ? await listFolder(first.path) : [first.path],
    hidden: hidden.map(({ path }) => path),
    by: { path: first.path, isFolder },
  };
}

async function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  return stat(path).then(
    (found) => (found.isDirectory() ? 'folder' : 'file'),
    () => undefined,
  );
}

/**
 * The files of a folder and its subfolders, as Ansible's data loader lists them: without hidden files and copies
 * (`x~`).
 */
async function listFolder(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  const names = (await readdir(folder)).toSorted(comparePython);
  for (const name of names) {
    if (name.startsWith('.') || name.endsWith('~') || !EXTENSIONS.includes(extname(name))) continue;
    const path = join(folder, name);
    const kind = await kindOf(path);
    if (kind === 'file') found.push(path);
    if (kind === 'folder' && extname(name) === '') found.push(...(await listFolder(path)));
  }
  return found;
}

async function readAll(
  paths: readonly string[],
  files: SourceFiles,
  findings: Findings,
): Promise<Result<Omit<VariableSet, 'hiddenFiles'>>> {
  const definitions: Definition[] = [];
  const lockedFiles: string[] = [];
  for (const path of paths) {
    const source = await files.open(path);
    if (!source.ok) return source;
    const file = files.shown(path);
    if (source.value?.locked === true) lockedFiles.push(file);
    if (source.value === undefined || source.value.locked) continue;
    const read = await readYaml(
      { text: source.value.text, file, encrypted: source.value.encrypted },
      files.keyring,
      findings,
    );
    if (read === undefined || (read.kind === 'scalar' && read.value === null)) continue;
    if (read.kind !== 'map')
      return fail({
        code: 'config.not-a-mapping',
        summary: 'a variables file has no variables',
        detail: `Expected lines such as name: value, found ${read.kind === 'scalar' ? 'a single text' : describeValue(read)}.`,
        fix: `write each variable of ${file} as name: value`,
        where: read.where,
      });
    definitions.push(...definitionsOf(read));
  }
  return ok({ definitions, lockedFiles });
}
