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
import { readPasswordFile } from './variables/become.ts';
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
  /** Only of commands that become root on the hosts: the sources of sudo's password. */
  readonly become?: BecomePasswordRequest | undefined;
}

/** The command line's part of sudo's password. */
export interface BecomePasswordRequest {
  /** `--ask-become-pass`; `become_ask_pass` asks, too. */
  readonly wanted: boolean;
  /** Asks the operator, who may type nothing; `undefined` without a terminal. */
  readonly ask: (() => Promise<Secret | undefined>) | undefined;
  /** `--become-password-file`. */
  readonly file: string | undefined;
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
  const becomePassword = await becomePasswordOf(request, settings.value);
  if (!becomePassword.ok) return withErrors(becomePassword.problems, findings);
  const folders = new VariableFolders([dirname(inventoryFile), request.cwd], files, findings);
  const hosts = await readHosts({
    inventory: inventory.value,
    inventoryFile,
    folders,
    files,
    settings: settings.value,
    request,
    becomePassword: becomePassword.value,
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

/** As Ansible: the question precedes the file. */
async function becomePasswordOf(
  { become, cwd, home }: ConfigRequest,
  { become: settings }: AnsibleSettings,
): Promise<Result<Secret | undefined>> {
  if (become === undefined) return ok(undefined);
  if (become.wanted || settings.askPass !== undefined)
    return become.ask === undefined
      ? fail({
          code: 'usage.become-password',
          summary: 'sudo’s password cannot be asked for',
          detail: 'Expected a terminal for become_ask_pass, found none.',
          fix: 'run again with --become-password-file FILE',
          ...(settings.askPass === undefined ? {} : { where: settings.askPass }),
        })
      : ok(await become.ask());
  const file = become.file === undefined ? settings.passwordFile : resolve(cwd, become.file.replace(/^~(?=\/)/, home));
  return file === undefined ? ok(undefined) : readPasswordFile(file, become.file ?? shownPath(file, cwd));
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
