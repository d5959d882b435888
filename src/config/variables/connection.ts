import { isAbsolute, resolve } from 'node:path';
import type { Target } from '../../core/host.ts';
import { Secret } from '../../core/secret.ts';
import type { UserEnvironment } from '../ansible-cfg/find.ts';
import type { AnsibleSettings } from '../ansible-cfg/settings.ts';
import { OPEN_MARK } from '../ansible-cfg/values.ts';
import { splitWords } from '../python/shlex.ts';
import type { Value } from '../value.ts';
import { Reader, type HostVariables } from './reader.ts';
import type { Findings } from '../findings.ts';

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
    password: readPassword(
      variables.get('ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'),
      reader,
      'the SSH password',
      'Only keys are tried.',
    ),
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

/** A text that has a quotation mark without its end. The text may have a password: `sshpass -p`. */
export function openMark({ where }: Value, what: string, reader: Reader): readonly string[] {
  reader.findings.wrong(where, `${what} with closed quotation marks`, OPEN_MARK, `correct ${where.path ?? 'the text'}`);
  return [];
}

function wordsOf(value: Value | undefined, reader: Reader): readonly string[] {
  if (value === undefined || (value.kind === 'scalar' && (value.value === '' || value.value === null))) return [];
  const text = reader.text(value, 'options of ssh as text');
  const split = text === undefined ? undefined : splitWords(text, { comments: false });
  if (split === undefined) return [];
  return split.ok ? split.words : openMark(value, 'options of ssh', reader);
}

/** Reads a password. `without` says how hxllm goes on without the vault password: preflight needs none, so a locked one is no error. */
export function readPassword(
  value: Value | undefined,
  reader: Reader,
  what: string,
  without: string,
): Secret | undefined {
  if (value === undefined) return undefined;
  if (value.kind === 'locked') {
    reader.findings.warning({
      code: 'vault.password-needed',
      summary: `${what} is in an encrypted file`,
      detail: `Expected the vault password of ${value.file}, found none. ${without}`,
      fix: 'run again with --ask-vault-pass',
      where: value.where,
    });
    return undefined;
  }
  if (value.kind === 'scalar' && typeof value.value === 'number') return new Secret(String(value.value));
  const text = value.kind === 'scalar' && typeof value.value === 'string' ? value.value : undefined;
  return text === undefined || text === '' ? reader.wrong(value, 'a password as text') : new Secret(text);
}
