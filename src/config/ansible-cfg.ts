import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ok, type Result, type Where } from '../core/problem.ts';
import type { Findings } from './findings.ts';
import type { SourceFiles } from './source-files.ts';
import { readBoolean } from './variables/boolean.ts';

/** The user's environment, as far as Ansible's settings depend on it. */
export interface UserEnvironment {
  readonly cwd: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The settings from ansible.cfg and Ansible's environment variables that hxllm uses. Paths are absolute. */
export interface AnsibleSettings {
  /** The ansible.cfg that was read. */
  readonly file: string | undefined;
  readonly inventory: string | undefined;
  readonly remoteUser: string | undefined;
  readonly privateKeyFile: string | undefined;
  readonly vaultPasswordFile: string | undefined;
  readonly hostKeyChecking: boolean;
}

/**
 * Finds and reads ansible.cfg: the first of `ANSIBLE_CONFIG`, `./ansible.cfg` and `~/.ansible.cfg` that exists.
 * Environment variables override its settings.
 */
export async function readAnsibleSettings(
  user: UserEnvironment,
  files: SourceFiles,
  findings: Findings,
): Promise<Result<AnsibleSettings>> {
  const file = await findFile(user, files, findings);
  const source = file === undefined ? ok(undefined) : await files.open(file);
  if (!source.ok) return source;
  const folder = file === undefined ? user.cwd : dirname(file);
  const defaults =
    source.value === undefined
      ? new Map<string, Entry>()
      : readDefaults(source.value.text, files.shown(file ?? ''), findings);
  const path = (variable: string, name: string): string | undefined => {
    const ofEnvironment = user.environment[variable];
    if (ofEnvironment !== undefined && ofEnvironment !== '') return pathOf(ofEnvironment, user.cwd, user);
    const entry = defaults.get(name);
    return entry === undefined || entry.text === '' ? undefined : pathOf(entry.text, folder, user);
  };
  return ok({
    file,
    inventory: path('ANSIBLE_INVENTORY', 'inventory'),
    remoteUser: user.environment['ANSIBLE_REMOTE_USER'] ?? defaults.get('remote_user')?.text,
    privateKeyFile: path('ANSIBLE_PRIVATE_KEY_FILE', 'private_key_file'),
    vaultPasswordFile: path('ANSIBLE_VAULT_PASSWORD_FILE', 'vault_password_file'),
    hostKeyChecking:
      booleanOf(user.environment['ANSIBLE_HOST_KEY_CHECKING'], { path: 'ANSIBLE_HOST_KEY_CHECKING' }, findings) ??
      booleanOf(defaults.get('host_key_checking')?.text, defaults.get('host_key_checking')?.where ?? {}, findings) ??
      true,
  });
}

async function findFile(user: UserEnvironment, files: SourceFiles, findings: Findings): Promise<string | undefined> {
  const named = user.environment['ANSIBLE_CONFIG'];
  const here = join(user.cwd, 'ansible.cfg');
  if (named !== undefined && named !== '') {
    const path = pathOf(named, user.cwd, user);
    const found = (await isFolder(path)) ? join(path, 'ansible.cfg') : path;
    if (await exists(found)) return found;
  }
  if (await exists(here)) {
    // Ansible ignores an ansible.cfg in a world-writable folder, where every user could have written it.
    if (((await stat(user.cwd)).mode & 0o002) === 0) return here;
    findings.warning({
      code: 'config.world-writable',
      summary: 'ansible.cfg is ignored',
      detail: `Expected a folder that only its owner may write, found ${user.cwd}, which every user may write.`,
      fix: `chmod o-w ${user.cwd}`,
      where: { file: files.shown(here) },
    });
  }
  const atHome = join(user.home, '.ansible.cfg');
  return (await exists(atHome)) ? atHome : undefined;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Expands `~`, `$NAME` and `{{CWD}}`, and resolves a path relative to `folder`. */
function pathOf(text: string, folder: string, user: UserEnvironment): string {
  const filled = text
    .replaceAll('{{CWD}}', user.cwd)
    .replace(/^~(?=\/|$)/, user.home)
    .replace(
      /\$(?:(\w+)|\{(\w+)\})/g,
      (whole, bare: string | undefined, braced: string | undefined) => user.environment[bare ?? braced ?? ''] ?? whole,
    );
  return resolve(folder, filled);
}

interface Entry {
  readonly text: string;
  readonly where: Where;
}

/** Parses the section `[defaults]` as Python's configparser does, with `;` for comments at the end of a line. */
function readDefaults(text: string, file: string, findings: Findings): ReadonlyMap<string, Entry> {
  const entries = new Map<string, Entry>();
  let section = '';
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/(^|\s);.*$/, '').trim();
    if (line === '' || line.startsWith('#') || /^\s/.test(raw)) continue;
    const header = /^\[([^\]]+)\]/.exec(line)?.[1];
    const entry = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line);
    if (header !== undefined) section = header;
    else if (entry === null)
      findings.error({
        code: 'config.ansible-cfg',
        summary: 'cannot parse a line of ansible.cfg',
        detail: `Expected [section] or name = value, found ${JSON.stringify(line)}.`,
        fix: 'correct the line',
        where: { file, line: index + 1 },
      });
    else if (section === 'defaults')
      entries.set((entry[1] ?? '').toLowerCase(), {
        text: unquote(entry[2] ?? ''),
        where: { file, line: index + 1, path: `defaults.${entry[1] ?? ''}` },
      });
  }
  return entries;
}

function unquote(text: string): string {
  return /^(['"])(.*)\1$/.exec(text)?.[2] ?? text;
}

function booleanOf(text: string | undefined, where: Where, findings: Findings): boolean | undefined {
  if (text === undefined || text === '') return undefined;
  const parsed = readBoolean(text);
  if (parsed !== undefined) return parsed;
  findings.error({
    code: 'config.ansible-cfg',
    summary: `invalid ${where.path ?? 'setting'}`,
    detail: `Expected true or false, found ${JSON.stringify(text)}.`,
    fix: 'write true or false',
    where,
  });
  return undefined;
}
