import { dirname, join, resolve } from 'node:path';
import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import type { Secret } from '../core/secret.ts';
import { readAnsibleSettings, type AnsibleSettings } from './ansible-cfg/settings.ts';
import type { Config } from './config.ts';
import { Findings } from './findings.ts';
import { freezeAll } from './freeze.ts';
import { readHosts } from './hosts.ts';
import { GROUP } from './inventory/inventory.ts';
import { readInventory } from './inventory/read-inventory.ts';
import { shownPath } from './shown-path.ts';
import { SourceFiles } from './source-files.ts';
import { VariableFolders } from './variables/merge.ts';
import { Keyring } from './vault/keyring.ts';
import { askedPassword, filePassword, type PasswordSource } from './vault/password.ts';

/** The user's environment and the options that choose the files. */
export interface ConfigRequest {
  readonly cwd: string;
  readonly home: string;
  readonly userName: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `-i`, as typed. */
  readonly inventoryFile: string | undefined;
  /** `--limit`. */
  readonly limit: string | undefined;
  /** `--vault-password-file`. */
  readonly vaultPasswordFile: string | undefined;
  /** `--ask-vault-pass`. Called at most once, and only if a file is encrypted. */
  readonly askVaultPassword: (() => Promise<Secret<Buffer> | undefined>) | undefined;
}

/** The default inventory. */
const DEFAULT_INVENTORY = 'inventories/dev.ini';

/** Reads the operator's files by Ansible's rules into one frozen Config, or returns all Problems. */
export async function loadConfig(request: ConfigRequest): Promise<Result<Config>> {
  const findings = new Findings();
  // ansible.cfg may set the vault password file, so it is read before anything is decrypted.
  const settings = await readAnsibleSettings(request, new SourceFiles(request.cwd, new Keyring([])), findings);
  if (!settings.ok) return settings;
  const files = new SourceFiles(request.cwd, new Keyring(passwordSources(request, settings.value)));
  if (settings.value.file !== undefined) await files.open(settings.value.file);
  const inventoryFile = inventoryFileOf(request, settings.value);
  const inventory = await readInventory(inventoryFile, files, findings);
  if (!inventory.ok) return withErrors(inventory.problems, findings);
  if (findings.errors.length > 0) return withErrors([], findings);
  const folders = new VariableFolders([dirname(inventoryFile), request.cwd], files, findings);
  const hosts = await readHosts({
    inventory: inventory.value,
    inventoryFile,
    folders,
    settings: settings.value,
    request,
    findings,
  });
  if (!hosts.ok) return withErrors(hosts.problems, findings);
  if (findings.errors.length > 0) return withErrors([], findings);
  return ok(
    freezeAll<Config>({
      inventoryFile,
      groupDefined: inventory.value.groups.has(GROUP),
      ...hosts.value,
      allHosts: [...inventory.value.hosts.keys()],
      files: files.read,
      warnings: findings.warnings,
    }),
  );
}

/** `-i`, otherwise Ansible's environment or ansible.cfg, otherwise the default path; absolute. */
export function inventoryFileOf(request: ConfigRequest, settings: Pick<AnsibleSettings, 'inventory'>): string {
  return request.inventoryFile === undefined
    ? (settings.inventory ?? join(request.cwd, DEFAULT_INVENTORY))
    : resolve(request.cwd, request.inventoryFile.replace(/^~(?=\/)/, request.home));
}

function passwordSources(request: ConfigRequest, settings: AnsibleSettings): readonly PasswordSource[] {
  const asked = request.askVaultPassword === undefined ? [] : [askedPassword(request.askVaultPassword)];
  const named =
    request.vaultPasswordFile === undefined
      ? settings.vaultPasswordFile
      : resolve(request.cwd, request.vaultPasswordFile.replace(/^~(?=\/)/, request.home));
  return [
    ...asked,
    ...settings.vaultIdentities.map(({ id, path }) => filePassword(path, shownPath(path, request.cwd), id)),
    ...(named === undefined ? [] : [filePassword(named, request.vaultPasswordFile ?? named)]),
  ];
}

function withErrors(problems: readonly Problem[], findings: Findings): Result<never> {
  const [first, ...rest] = [...problems, ...findings.errors];
  if (first === undefined) throw new Error('a failure without a problem');
  return fail(first, ...rest);
}
