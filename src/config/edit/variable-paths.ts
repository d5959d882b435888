import { dirname, join } from 'node:path';
import { isVaultText } from '../vault/envelope.ts';

/** Paths of the variables of all hosts, beside an inventory. */
export interface VariablePaths {
  /** `group_vars/all/main.yml`, or the file that Ansible reads instead. */
  readonly variables: string;
  /** The path of the vault. */
  readonly vault: string;
  /**
   * The file `group_vars/all*` that Ansible reads instead of the folder, if there is one: creating `group_vars/all/`
   * would hide it.
   */
  readonly hidden: string | undefined;
  /** All files that may contain the variables. */
  readonly alternatives: readonly string[];
}

/**
 * Finds the paths below the folder that holds `group_vars`, by Ansible's rule: of `all`, `all.yml`, `all.yaml` and `all.json` only the first counts. `read` are
 * the files that were read, which shows which one that is.
 */
export function findVariablePaths(variablesFolder: string, read: readonly string[]): VariablePaths {
  const folder = join(variablesFolder, 'group_vars');
  const all = join(folder, 'all');
  const vault = join(all, 'vault.yml');
  const singles = [all, `${all}.yml`, `${all}.yaml`, `${all}.json`];
  const mains = ['main.yml', 'main.yaml', 'main'].map((name) => join(all, name));
  const alternatives = [...mains, ...singles];
  const main = mains.find((path) => read.includes(path));
  // A file in the folder was read, so the folder counts.
  const single = read.some((path) => path.startsWith(`${all}/`))
    ? undefined
    : singles.find((path) => read.includes(path));
  return { variables: single ?? main ?? join(all, 'main.yml'), vault, hidden: single, alternatives };
}

/** The file for new plain variables. If the usual file is encrypted, it is a new one beside it. */
export async function plainVariablesFile(
  paths: VariablePaths,
  read: (path: string) => Promise<string | undefined>,
): Promise<string> {
  const encrypted = isVaultText((await read(paths.variables)) ?? '');
  return encrypted && paths.hidden === undefined ? join(dirname(paths.variables), 'litellm.yml') : paths.variables;
}
