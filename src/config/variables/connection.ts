import { isAbsolute, resolve } from 'node:path';
import type { Target } from '../../core/host.ts';
import { Secret } from '../../core/secret.ts';
import type { UserEnvironment } from '../ansible-cfg/find.ts';
import type { AnsibleSettings } from '../ansible-cfg/settings.ts';
import { splitWords } from '../python/shlex.ts';
import type { Value } from '../value.ts';
import { Reader, type HostVariables } from './reader.ts';
import type { Findings } from '../findings.ts';
import { readBoolean } from './boolean.ts';

const SSH = ['ssh', 'smart', 'paramiko', 'paramiko_ssh', 'ansible.builtin.ssh', 'ansible.builtin.paramiko_ssh'];
const LOCAL = ['local', 'ansible.builtin.local'];
const TIMEOUT_S = 10;

/**
 * Reads the connection to a host from Ansible's connection variables (constants.py, connection/ssh.py), then from
 * ansible.cfg.
 */
export function readTarget(
  name: string,
  variables: HostVariables,
  settings: AnsibleSettings,
  person: UserEnvironment,
  findings: Findings,
): Target {
  const reader = new Reader(findings);
  const connection = reader.text(variables.get('ansible_connection'), 'ssh or local') ?? 'ssh';
  const value = variables.get('ansible_connection');
  if (value !== undefined && ![...SSH, ...LOCAL].includes(connection))
    reader.wrong(value, 'ssh or local', 'write ansible_connection=ssh');
  warnOfBecome(variables, findings);
  return {
    name,
    address: reader.text(variables.get('ansible_ssh_host', 'ansible_host'), 'a name or address') ?? name,
    port:
      reader.integer(
        variables.get('ansible_port', 'ansible_ssh_port'),
        { from: 1, to: 65_535 },
        'a port from 1 to 65535',
      ) ?? settings.remotePort,
    user: userOf(variables.get('ansible_user', 'ansible_ssh_user'), reader) ?? settings.remoteUser,
    connection: LOCAL.includes(connection) ? 'local' : 'ssh',
    identityFiles: identityFilesOf(
      reader.text(
        variables.get('ansible_ssh_private_key_file', 'ansible_private_key_file'),
        'a file with a private key',
      ),
      settings,
      person,
    ),
    sshArguments: (['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'] as const).flatMap(
      (variable) =>
        variables.all.has(variable) ? wordsOf(variables.get(variable), reader) : settings.sshArguments[variable],
    ),
    hostKeyChecking:
      reader.parsed(variables.get('ansible_ssh_host_key_checking', 'ansible_host_key_checking')) ??
      settings.hostKeyChecking,
    connectTimeoutMs:
      (reader.integer(
        variables.get('ansible_ssh_timeout', 'ansible_timeout'),
        { from: 1, to: 3600 },
        'seconds from 1 to 3600',
      ) ??
        settings.timeout ??
        TIMEOUT_S) * 1000,
    password: passwordOf(variables.get('ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'), reader),
  };
}

// INI reads 1001 as a number, with and without quotation marks; as in Ansible it is the name of a user.
function userOf(value: Value | undefined, reader: Reader): string | undefined {
  return value?.kind === 'scalar' && Number.isSafeInteger(value.value)
    ? String(value.value)
    : reader.text(value, 'a user’s name');
}

function identityFilesOf(
  named: string | undefined,
  settings: AnsibleSettings,
  person: UserEnvironment,
): readonly string[] {
  const file = named ?? settings.privateKeyFile;
  if (file === undefined) return [];
  const atHome = file.replace(/^~(?=\/|$)/, person.home);
  return [isAbsolute(atHome) ? atHome : resolve(person.cwd, atHome)];
}

function wordsOf(value: Value | undefined, reader: Reader): readonly string[] {
  if (value === undefined || (value.kind === 'scalar' && (value.value === '' || value.value === null))) return [];
  const text = reader.text(value, 'options of ssh as text');
  const split = text === undefined ? undefined : splitWords(text, { comments: false });
  if (split === undefined) return [];
  return split.ok ? split.words : (reader.wrong(value, 'options of ssh with closed quotation marks') ?? []);
}

function passwordOf(value: Value | undefined, reader: Reader): Secret | undefined {
  if (value === undefined) return undefined;
  // A key may suffice, and preflight needs no vault: so this is no error.
  if (value.kind === 'locked') {
    reader.findings.warning({
      code: 'vault.password-needed',
      summary: 'the SSH password is in an encrypted file',
      detail: `Expected the vault password of ${value.file}, found none. Only keys are tried.`,
      fix: 'run again with --ask-vault-pass',
      where: value.where,
    });
    return undefined;
  }
  if (value.kind === 'scalar' && typeof value.value === 'number') return new Secret(String(value.value));
  const text = value.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
  return text === undefined || text === '' ? reader.wrong(value, 'a password as text') : new Secret(text);
}

/**
 * Warns about privilege escalation settings that hxllm does not honour: it uses `sudo -n` to root unless it is root.
 */
function warnOfBecome(variables: HostVariables, findings: Findings): void {
  const warn = (name: string, seen: string, fix: string): void => {
    const where = variables.all.get(name)?.where ?? {};
    findings.warning({
      code: 'variables.not-honoured',
      summary: `${name} is not supported, ignored`,
      detail: `Expected sudo to root without a password (sudo -n), which hxllm uses, found ${seen}.`,
      fix,
      where,
    });
  };
  for (const name of ['ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass']) {
    if (variables.all.has(name))
      warn(name, 'a password for it', 'allow it in /etc/sudoers.d on the host: USER ALL=(ALL) NOPASSWD: ALL');
  }
  for (const [name, usual] of [
    ['ansible_become_method', 'sudo'],
    ['ansible_become_user', 'root'],
    ['ansible_become_exe', 'sudo'],
  ] as const) {
    const value = variables.all.has(name) ? variables.get(name) : undefined;
    if (value?.kind === 'scalar' && value.value !== usual) warn(name, JSON.stringify(value.value), `remove ${name}`);
  }
  const become = variables.all.has('ansible_become') ? variables.get('ansible_become') : undefined;
  if (become?.kind === 'scalar' && readBoolean(become.value) === false)
    warn('ansible_become', 'that it is switched off', 'remove ansible_become, or connect as root');
}
