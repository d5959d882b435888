import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Findings } from '../findings.ts';
import type { SourceFiles } from '../source-files.ts';

/** The user's environment, as far as Ansible's settings depend on it. */
export interface UserEnvironment {
  readonly cwd: string;
  readonly home: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Finds ansible.cfg: the first of `ANSIBLE_CONFIG`, `./ansible.cfg`, `~/.ansible.cfg` and the machine's that exists. */
export async function findAnsibleCfg(
  user: UserEnvironment,
  files: SourceFiles,
  findings: Findings,
  machine = '/etc/ansible/ansible.cfg',
): Promise<string | undefined> {
  const named = user.environment['ANSIBLE_CONFIG'];
  const here = join(user.cwd, 'ansible.cfg');
  if (named !== undefined && named !== '') {
    const path = expandPath(named, user.cwd, user);
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
  for (const path of [join(user.home, '.ansible.cfg'), machine]) if (await exists(path)) return path;
  return undefined;
}

/** Expands `~`, `$NAME` and `{{CWD}}`, and resolves a path relative to `folder`. */
export function expandPath(text: string, folder: string, user: UserEnvironment): string {
  const filled = text
    .replaceAll('{{CWD}}', user.cwd)
    .replace(/^~(?=\/|$)/, user.home)
    .replace(
      /\$(?:(\w+)|\{(\w+)\})/g,
      (whole, bare: string | undefined, braced: string | undefined) => user.environment[bare ?? braced ?? ''] ?? whole,
    );
  return resolve(folder, filled);
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
