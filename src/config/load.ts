import { fail, ok, type Problem, type Result } from '../core/problem.ts';
import { readAnsibleSettings, type AnsibleSettings } from './ansible-cfg/settings.ts';
import type { Config } from './config.ts';
import { Findings } from './findings.ts';
import { freezeAll } from './freeze.ts';
import { readHosts } from './hosts.ts';
import { GROUP } from './inventory/inventory.ts';
import { readInventories, type ReadInventory } from './inventory/read-inventory.ts';
import {
  DEFAULT_INVENTORY,
  inventorySources,
  newInventoryFile,
  newVariablesFolder,
  variableFolders,
  type InventorySource,
} from './inventory/sources.ts';
import { BECOME_PASSWORD, hostPassword, LOGIN_PASSWORD, type PasswordRequest } from './password-request.ts';
import { SourceFiles } from './source-files.ts';
import { VariableFolders } from './variables/layers.ts';
import { Keyring } from './vault/keyring.ts';
import { passwordSources, type VaultRequest } from './vault/sources.ts';

/** The user's environment and the options that choose the files. */
export interface ConfigRequest extends VaultRequest {
  readonly userName: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Each `-i`, as typed; empty without one. */
  readonly inventories: readonly string[];
  /** `--limit`. */
  readonly limit: string | undefined;
  /** Only of commands that become root on the hosts: the sources of sudo's password. */
  readonly become?: PasswordRequest | undefined;
  /** Only of commands that log in to the hosts: the sources of the SSH password. */
  readonly login?: PasswordRequest | undefined;
  /** The hosts of `[ollama]` are read, too. */
  readonly servers?: boolean;
}

/** Reads the operator's files by Ansible's rules into one frozen Config, or returns all Problems. */
export async function loadConfig(request: ConfigRequest): Promise<Result<Config>> {
  const findings = new Findings();
  const opened = await openInventory(request, findings);
  if (!opened.ok) return opened;
  const { settings, sources, folders, files, inventory, inventoryFiles } = opened.value;
  const loginPassword = await hostPassword(LOGIN_PASSWORD, request.login, settings.login, request);
  if (!loginPassword.ok) return withErrors(loginPassword.problems, findings);
  const becomePassword = await hostPassword(BECOME_PASSWORD, request.become, settings.become, request);
  if (!becomePassword.ok) return withErrors(becomePassword.problems, findings);
  const hosts = await readHosts({
    inventory,
    folders,
    files,
    settings,
    request,
    loginPassword: loginPassword.value,
    becomePassword: becomePassword.value,
    findings,
  });
  if (!hosts.ok) return withErrors(hosts.problems, findings);
  if (findings.errors.length > 0) return withErrors([], findings);
  return ok(
    freezeAll<Config>({
      inventories: sources.map((source) => (source.kind === 'hosts' ? source.text : source.path)),
      ...editedFiles(sources, inventory, inventoryFiles, request.cwd),
      groupDefined: inventory.groups.has(GROUP),
      ...hosts.value,
      allHosts: [...inventory.hosts.keys()],
      forks: settings.forks,
      files: files.read,
      warnings: findings.warnings,
    }),
  );
}

/** The inventory of all sources, and what reads the variables of its hosts. */
export interface OpenedInventory {
  readonly settings: AnsibleSettings;
  readonly sources: readonly InventorySource[];
  readonly folders: VariableFolders;
  readonly files: SourceFiles;
  readonly inventory: ReadInventory['inventory'];
  readonly inventoryFiles: readonly string[];
}

/** Reads ansible.cfg and all inventories; the variables in files are read when a host asks for them. */
export async function openInventory(request: ConfigRequest, findings: Findings): Promise<Result<OpenedInventory>> {
  // ansible.cfg may set the vault password file, so it is read before anything is decrypted.
  const settings = await readAnsibleSettings(request, new SourceFiles(request.cwd, new Keyring([])), findings);
  if (!settings.ok) return settings;
  const files = new SourceFiles(request.cwd, new Keyring(passwordSources(request, settings.value)));
  if (settings.value.file !== undefined) await files.open(settings.value.file);
  const sources = sourcesOf(request, settings.value);
  const ignored = settings.value.ignoredInventories;
  const read = await readInventories({ sources, ignored, cwd: request.cwd, files, findings });
  if (!read.ok) return withErrors(read.problems, findings);
  if (findings.errors.length > 0) return withErrors([], findings);
  const folders = new VariableFolders(variableFolders(sources, request.cwd), files, findings);
  const { inventory, files: inventoryFiles } = read.value;
  return ok({ settings: settings.value, sources, folders, files, inventory, inventoryFiles });
}

/** Each `-i`, otherwise the inventories of Ansible's environment or ansible.cfg, otherwise the default one. */
export function sourcesOf(
  { inventories, cwd, home }: ConfigRequest,
  settings: Pick<AnsibleSettings, 'inventories'>,
): readonly InventorySource[] {
  const typed = inventories.length > 0 ? inventories : settings.inventories;
  return inventorySources(typed.length > 0 ? typed : [DEFAULT_INVENTORY], cwd, home);
}

/** The files that `inventory` adds to: the first inventory with the group, otherwise the first one. */
function editedFiles(
  sources: readonly InventorySource[],
  inventory: ReadInventory['inventory'],
  inventoryFiles: readonly string[],
  cwd: string,
): Pick<Config, 'inventoryFile' | 'variablesFolder'> {
  const [first] = inventoryFiles;
  return {
    inventoryFile: inventory.groups.get(GROUP)?.source ?? first ?? newInventoryFile(sources, cwd),
    variablesFolder: newVariablesFolder(sources, cwd),
  };
}

function withErrors(problems: readonly Problem[], findings: Findings): Result<never> {
  const [first, ...rest] = [...problems, ...findings.errors];
  if (first === undefined) throw new Error('a failure without a problem');
  return fail(first, ...rest);
}
