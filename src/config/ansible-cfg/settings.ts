import type { PasswordSettings } from '../password-request.ts';
import { ok, type Result } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import type { IgnoredNames } from '../inventory/folder.ts';
import { parseConfig, type ParsedConfig } from '../python/configparser.ts';
import type { SourceFiles } from '../source-files.ts';
import { expandPath, findAnsibleCfg, type UserEnvironment } from './find.ts';
import { BECOME_SETTINGS, type BecomeSettings } from './become.ts';
import { warnOfNotHonoured } from './not-honoured.ts';
import { isPrompt } from '../vault/prompt.ts';
import { SettingValues, type Setting } from './values.ts';

/** A source of vault passwords of `vault_identity_list`: `id@path`, or `id@prompt`, which has no path. */
export interface VaultIdentity {
  readonly id: string;
  readonly path: string | undefined;
}

/** The settings from ansible.cfg and Ansible's environment variables that hxllm uses. Paths are absolute. */
export interface AnsibleSettings {
  /** The ansible.cfg that was read. */
  readonly file: string | undefined;
  /** The paths of `inventory`, in order; empty if it is not set. */
  readonly inventories: readonly string[];
  /** The names that are skipped in a folder of inventories. */
  readonly ignoredInventories: IgnoredNames;
  readonly remoteUser: string | undefined;
  readonly remotePort: number | undefined;
  readonly privateKeyFile: string | undefined;
  readonly vaultPasswordFile: string | undefined;
  readonly vaultIdentities: readonly VaultIdentity[];
  /** The id of the password that encrypts something new. */
  readonly vaultEncryptIdentity: string | undefined;
  readonly hostKeyChecking: boolean;
  /** Hosts to work on at once. */
  readonly forks: number | undefined;
  /** Seconds to connect. */
  readonly timeout: number | undefined;
  /** `ssh_args`, `ssh_common_args` and `ssh_extra_args` in words. */
  readonly sshArguments: {
    readonly ansible_ssh_args: readonly string[];
    readonly ansible_ssh_common_args: readonly string[];
    readonly ansible_ssh_extra_args: readonly string[];
  };
  readonly become: BecomeSettings;
  /** Of the SSH password. */
  readonly login: PasswordSettings;
}

// Names and order are those of ansible-core 2.19: config/base.yml and plugins/connection/ssh.py.
const SETTINGS = {
  inventory: setting(['ANSIBLE_INVENTORY'], ['defaults.inventory']),
  ignoredExtensions: setting(
    ['ANSIBLE_INVENTORY_IGNORE'],
    ['defaults.inventory_ignore_extensions', 'inventory.ignore_extensions'],
  ),
  ignoredPatterns: setting(
    ['ANSIBLE_INVENTORY_IGNORE_REGEX'],
    ['defaults.inventory_ignore_patterns', 'inventory.ignore_patterns'],
  ),
  remoteUser: setting(['ANSIBLE_REMOTE_USER'], ['defaults.remote_user']),
  remotePort: setting(['ANSIBLE_REMOTE_PORT'], ['defaults.remote_port']),
  privateKeyFile: setting(['ANSIBLE_PRIVATE_KEY_FILE'], ['defaults.private_key_file']),
  vaultPasswordFile: setting(['ANSIBLE_VAULT_PASSWORD_FILE'], ['defaults.vault_password_file']),
  vaultEncryptIdentity: setting(['ANSIBLE_VAULT_ENCRYPT_IDENTITY'], ['defaults.vault_encrypt_identity']),
  vaultIdentityList: setting(['ANSIBLE_VAULT_IDENTITY_LIST'], ['defaults.vault_identity_list']),
  hostKeyChecking: setting(
    ['ANSIBLE_HOST_KEY_CHECKING', 'ANSIBLE_SSH_HOST_KEY_CHECKING'],
    ['defaults.host_key_checking', 'ssh_connection.host_key_checking'],
  ),
  forks: setting(['ANSIBLE_FORKS'], ['defaults.forks']),
  timeout: setting(['ANSIBLE_TIMEOUT', 'ANSIBLE_SSH_TIMEOUT'], ['defaults.timeout', 'ssh_connection.timeout']),
  sshArgs: setting(['ANSIBLE_SSH_ARGS'], ['ssh_connection.ssh_args']),
  sshCommonArgs: setting(['ANSIBLE_SSH_COMMON_ARGS'], ['ssh_connection.ssh_common_args']),
  askPass: setting(['ANSIBLE_ASK_PASS'], ['defaults.ask_pass']),
  connectionPasswordFile: setting(['ANSIBLE_CONNECTION_PASSWORD_FILE'], ['defaults.connection_password_file']),
  sshExtraArgs: setting(['ANSIBLE_SSH_EXTRA_ARGS'], ['ssh_connection.ssh_extra_args']),
};

function setting(variables: readonly string[], keys: readonly string[]): Setting {
  return { variables, keys };
}

/** Finds and reads ansible.cfg. Environment variables override its settings. */
export async function readAnsibleSettings(
  user: UserEnvironment,
  files: SourceFiles,
  findings: Findings,
): Promise<Result<AnsibleSettings>> {
  const file = await findAnsibleCfg(user, files, findings);
  const source = file === undefined ? ok(undefined) : await files.open(file);
  if (!source.ok) return source;
  const about = file === undefined ? undefined : { path: file, shown: files.shown(file) };
  const parsed = source.value === undefined ? undefined : parse(source.value.text, files.shown(file ?? ''), findings);
  const values = new SettingValues(user, parsed, about, findings);
  warnOfNotHonoured(values, findings);
  return ok({
    file,
    inventories: values.paths(SETTINGS.inventory),
    ignoredInventories: {
      extensions: values.list(SETTINGS.ignoredExtensions),
      patterns: values.list(SETTINGS.ignoredPatterns) ?? [],
    },
    remoteUser: values.text(SETTINGS.remoteUser),
    remotePort: values.integer(SETTINGS.remotePort, 1, 65_535),
    privateKeyFile: values.path(SETTINGS.privateKeyFile),
    vaultPasswordFile: values.path(SETTINGS.vaultPasswordFile),
    vaultIdentities: vaultIdentitiesOf(values, user),
    vaultEncryptIdentity: values.text(SETTINGS.vaultEncryptIdentity),
    hostKeyChecking: values.boolean(SETTINGS.hostKeyChecking) ?? true,
    forks: values.integer(SETTINGS.forks, 1, 10_000),
    timeout: values.integer(SETTINGS.timeout, 1, 3600),
    sshArguments: {
      ansible_ssh_args: values.words(SETTINGS.sshArgs) ?? [],
      ansible_ssh_common_args: values.words(SETTINGS.sshCommonArgs) ?? [],
      ansible_ssh_extra_args: values.words(SETTINGS.sshExtraArgs) ?? [],
    },
    login: {
      passwordFile: values.path(SETTINGS.connectionPasswordFile),
      askPass: values.boolean(SETTINGS.askPass) === true ? values.find(SETTINGS.askPass)?.where : undefined,
    },
    become: {
      method: values.find(BECOME_SETTINGS.method),
      user: values.find(BECOME_SETTINGS.user),
      exe: values.find(BECOME_SETTINGS.exe),
      flags: values.find(BECOME_SETTINGS.flags),
      password: values.find(BECOME_SETTINGS.password),
      passwordFile: values.path(BECOME_SETTINGS.passwordFile),
      askPass:
        values.boolean(BECOME_SETTINGS.askPass) === true ? values.find(BECOME_SETTINGS.askPass)?.where : undefined,
    },
  });
}

function parse(text: string, file: string, findings: Findings): ParsedConfig {
  const parsed = parseConfig(text);
  for (const { line, expected, found } of parsed.errors)
    findings.error({
      code: 'config.ansible-cfg',
      summary: 'cannot parse a line of ansible.cfg',
      detail: `Expected ${expected}, found ${JSON.stringify(found)}.`,
      fix: 'correct the line',
      where: { file, line },
    });
  return parsed;
}

/** `id@path` or `path`, relative to the current folder as in Ansible. */
function vaultIdentitiesOf(values: SettingValues, user: UserEnvironment): readonly VaultIdentity[] {
  const found = values.find(SETTINGS.vaultIdentityList);
  if (found === undefined) return [];
  return found.text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const at = entry.indexOf('@');
      const [id, source] = at < 0 ? ['default', entry] : [entry.slice(0, at), entry.slice(at + 1)];
      return { id, path: isPrompt(source) ? undefined : expandPath(source, user.cwd, user) };
    });
}
