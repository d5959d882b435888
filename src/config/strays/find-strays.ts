import { createHash } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { readYaml } from '../document/yaml.ts';
import { Findings } from '../findings.ts';
import type { IgnoredNames } from '../inventory/folder.ts';
import { ignoring } from '../inventory/folder.ts';
import { InventoryBuilder, type Inventory } from '../inventory/inventory.ts';
import { readOneInventory } from '../inventory/read-inventory.ts';
import { comparePython } from '../python/compare.ts';
import { SourceFiles } from '../source-files.ts';
import { variableFilesOf } from '../variables/files.ts';
import { isVaultText } from '../vault/envelope.ts';
import { Keyring } from '../vault/keyring.ts';
import { isEncryptedInline, plainSecretsOf, plainSecretsOfInventory } from './plain-secrets.ts';
import type { PlainSecret, Stray } from './stray.ts';

/** The inventory in use, and the folder to look at. */
export interface StraySearch {
  /** The inventory's folder, which holds `group_vars` and `host_vars`; absolute. */
  readonly folder: string;
  readonly inventory: Inventory;
  /** The files of the inventory; absolute. */
  readonly inventoryFiles: readonly string[];
  readonly ignored: IgnoredNames;
  /** Files of vault passwords: they are no strays. */
  readonly passwordFiles: readonly string[];
}

/** The names whose variables some inventory of the folder reads, and whether there may be more. */
interface Readers {
  readonly groups: ReadonlySet<string>;
  readonly hosts: ReadonlySet<string>;
  readonly inventories: ReadonlyMap<string, InventoryBuilder>;
  /** An inventory of the folder cannot be read (a program, a plugin, an encrypted file): it may have other groups. */
  readonly mayBeMore: boolean;
}

const MOST_BYTES = 1_000_000;
const OWN_NAME = /^\.hxllm|\.\d{8}T\d{6}Z\.bak$/;
const VAULT_NAME = /(?:^|[._-])vault(?:[._~-]|$)/i;
const PROGRAM_OR_PASSWORD = /\.(?:py|sh|gpg|asc|j2|md)$|pass/i;
const YAML = new Set(['', '.yml', '.yaml', '.json']);

/**
 * Finds the files that hold secrets where they should not: in the inventory's folder, not in folders below it, and in its
 * group_vars and host_vars. Nothing is decrypted.
 */
export async function findStrays(search: StraySearch): Promise<readonly Stray[]> {
  const readers = await readersIn(search);
  const read = new Set(search.inventoryFiles);
  for (const [kind, names] of [
    ['group_vars', readers.groups],
    ['host_vars', readers.hosts],
  ] as const)
    for (const name of names)
      for (const path of (await variableFilesOf(join(search.folder, kind), name)).read) read.add(path);
  for (const path of readers.inventories.keys()) read.add(path);
  const top = await filesOf(search.folder, false);
  const below = [
    ...(await filesOf(join(search.folder, 'group_vars'), true)),
    ...(await filesOf(join(search.folder, 'host_vars'), true)),
  ];
  const strays: Stray[] = [];
  for (const path of [...top, ...below]) {
    if (search.passwordFiles.includes(path) || OWN_NAME.test(basename(path))) continue;
    // A hidden file is read by no name, whatever other inventories there are.
    const mayBeRead = readers.mayBeMore && below.includes(path) && !basename(path).startsWith('.');
    const stray = await strayOf(path, read.has(path) || mayBeRead, readers.inventories.get(path));
    if (stray !== undefined) strays.push({ ...stray, folder: search.folder });
  }
  return strays;
}

async function strayOf(
  path: string,
  isRead: boolean,
  inventory: InventoryBuilder | undefined,
): Promise<Omit<Stray, 'folder'> | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined || bytes.length > MOST_BYTES) return undefined;
  const text = bytes.toString('utf8');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (isVaultText(text))
    // An encrypted file with the name of an inventory may be one.
    return isRead || extname(path) === '.ini' ? undefined : { path, kind: 'encrypted', secrets: [], isRead, sha256 };
  if (text.startsWith('#!') || PROGRAM_OR_PASSWORD.test(basename(path))) return undefined;
  const value = YAML.has(endOf(path)) ? await yamlOf(text) : undefined;
  const secrets: readonly PlainSecret[] =
    inventory === undefined ? (value === undefined ? [] : plainSecretsOf(value)) : plainSecretsOfInventory(inventory);
  if (VAULT_NAME.test(basename(path)) && inventory === undefined && value?.kind === 'map' && !isEncryptedInline(value))
    return value.entries.size === 0 ? undefined : { path, kind: 'vault-name', secrets, isRead, sha256 };
  return secrets.length === 0 ? undefined : { path, kind: 'secrets', secrets, isRead, sha256 };
}

/** The ending of a name, without that of a copy. */
function endOf(path: string): string {
  return extname(basename(path).replace(/(?:~|\.(?:bak|old|orig|save|swp))$/, '')).toLowerCase();
}

async function yamlOf(text: string): Promise<Awaited<ReturnType<typeof readYaml>>> {
  return readYaml({ text, file: '', encrypted: false }, new Keyring([]), new Findings());
}

/** Reads every inventory of the folder: group_vars of another stage are no strays. */
async function readersIn({ folder, inventory, inventoryFiles, ignored, passwordFiles }: StraySearch): Promise<Readers> {
  const groups = new Set(inventory.groups.keys());
  const hosts = new Set(inventory.hosts.keys());
  const inventories = new Map<string, InventoryBuilder>();
  const isIgnored = ignoring(ignored);
  let mayBeMore = false;
  for (const path of [...inventoryFiles, ...(await filesOf(folder, false))]) {
    if (inventories.has(path) || passwordFiles.includes(path) || VAULT_NAME.test(basename(path))) continue;
    if (isIgnored.ok && isIgnored.value(basename(path))) continue;
    const builder = new InventoryBuilder();
    const findings = new Findings();
    const read = await readOneInventory(path, builder, new SourceFiles(folder, new Keyring([])), findings);
    const [problem] = read.ok ? findings.errors : read.problems;
    if (problem !== undefined) {
      mayBeMore ||=
        /^inventory\.(?:program|plugin|toml)$/.test(problem.code) ||
        (problem.code === 'vault.password-needed' && extname(path) === '.ini');
      continue;
    }
    const built = builder.build();
    // A file of variables may look like groups.
    if (built.hosts.size === 0 && !inventoryFiles.includes(path) && YAML.has(extname(path))) continue;
    inventories.set(path, builder);
    for (const name of built.groups.keys()) groups.add(name);
    for (const name of built.hosts.keys()) hosts.add(name);
  }
  return { groups, hosts, inventories, mayBeMore };
}

/** The plain files of a folder, sorted; with `deep` also those of its folders. Links are left out. */
async function filesOf(folder: string, deep: boolean): Promise<readonly string[]> {
  const names = (await readdir(folder).catch((): readonly string[] => [])).toSorted(comparePython);
  const found: string[] = [];
  for (const name of names) {
    const path = join(folder, name);
    const entry = await lstat(path).catch(() => undefined);
    if (entry?.isFile() === true) found.push(path);
    else if (deep && entry?.isDirectory() === true && name !== '.git') found.push(...(await filesOf(path, true)));
  }
  return found;
}
