import type { Where } from '../../core/problem.ts';
import { SUDO, type Become } from '../../core/become.ts';
import { Secret } from '../../core/secret.ts';
import type { BecomeSettings } from '../ansible-cfg/become.ts';
import { splitWords } from '../python/shlex.ts';
import { scalar, type Value } from '../value.ts';
import { openMark, readPassword } from './connection.ts';
import type { HostVariables, Reader } from './reader.ts';
import { sudoFlags } from './sudo-flags.ts';

const SUDO_METHODS = ['sudo', 'ansible.builtin.sudo'];
const ROOT = ['root', '#0'];

/** The way to root on a host, before its variables. */
export interface BecomeRequest {
  readonly settings: BecomeSettings;
  /** `--ask-become-pass` or `become_password_file`. */
  readonly password: Secret | undefined;
  /** The login user; `undefined`: ssh_config decides. */
  readonly user: string | undefined;
}

/**
 * Reads the way to root from Ansible's become variables, then from ansible.cfg, in the order of ansible-core 2.19 (become/sudo.py). The
 * phases are plays with `become: true`, so `ansible_become` alone can switch it off. Root needs no way, as in Ansible.
 */
export function readBecome(
  variables: HostVariables,
  { settings, password, user }: BecomeRequest,
  reader: Reader,
): Become {
  const given = (...names: readonly string[]): Value | undefined => {
    const value = variables.get(...names.filter((name) => variables.all.has(name)));
    return value?.kind === 'scalar' && value.value === null ? undefined : value;
  };
  const become = given('ansible_become');
  const wanted = become === undefined || isEmpty(become) ? undefined : reader.parsed(become);
  if (wanted === false && become !== undefined) return { by: `ansible_become (${placeOf(become.where)})` };
  if (user === 'root') return SUDO;
  const method = given('ansible_become_method');
  requireOneOf(
    SUDO_METHODS,
    method === undefined || isEmpty(method) ? valueOf(settings.method) : method,
    'sudo, the only way to root that hxllm uses',
    'write ansible_become_method=sudo for the group litellm, or log in as root: ansible_user=root',
    reader,
  );
  requireOneOf(
    ROOT,
    given('ansible_sudo_user', 'ansible_become_user') ?? valueOf(settings.user),
    'root, since a service is installed',
    'write ansible_become_user=root for the group litellm',
    reader,
  );
  const exe = given('ansible_sudo_exe', 'ansible_become_exe') ?? valueOf(settings.exe);
  const flags = given('ansible_sudo_flags', 'ansible_become_flags') ?? valueOf(settings.flags);
  const own = readPassword(
    given('ansible_sudo_pass', 'ansible_become_pass', 'ansible_become_password'),
    reader,
    'the password of sudo',
    'sudo must ask for none.',
  );
  const configured = settings.password === undefined ? undefined : new Secret(settings.password.text);
  return {
    program: exe === undefined || isEmpty(exe) ? SUDO.program : words(exe, reader),
    flags: flags === undefined || isEmpty(flags) ? [] : sudoFlags(words(flags, reader), flags.where, reader.findings),
    password: own ?? password ?? configured,
  };
}

function requireOneOf(
  names: readonly string[],
  value: Value | undefined,
  wanted: string,
  fix: string,
  reader: Reader,
): void {
  if (value === undefined || isEmpty(value)) return;
  if (value.kind !== 'scalar' || !names.includes(String(value.value).trim())) reader.wrong(value, wanted, fix);
}

function words(value: Value, reader: Reader): readonly string[] {
  const text = reader.text(value, 'words as text');
  const split = text === undefined ? undefined : splitWords(text, { comments: false });
  if (split === undefined) return [];
  return split.ok ? split.words : openMark(value, 'words', reader);
}

function isEmpty(value: Value): boolean {
  return value.kind === 'scalar' && value.value === '';
}

function valueOf(found: { readonly text: string; readonly where: Where } | undefined): Value | undefined {
  return found === undefined ? undefined : scalar(found.text, found.where, { literal: true });
}

function placeOf({ file, line }: Where): string {
  return [file, ...(line === undefined ? [] : [String(line)])].join(':');
}
