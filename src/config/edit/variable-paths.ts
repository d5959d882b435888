import { dirname, join } from 'node:path';
import { isVaultText } from '../vault/envelope.ts';

/** Where the variables of all hosts are, beside an inventory. */
export interface VariablePaths {
  /** `group_vars/all/main.yml`, or the file that counts in its place. */
  readonly variables: string;
  /** Where the vault is to be. */
  readonly vault: string;
  /** Set where a file stands in the place of the folder: making `group_vars/all/` would hide it. */
  readonly hidden: string | undefined;
  /** Every file that could be the one with the variables, for whoever has to look. */
  readonly alternatives: readonly string[];
}

/**
 * Finds the places by Ansible's rule that of `all`, `all.yml`, `all.yaml`, `all.json` only the first counts. `read` are
 * the files that were read, which tells which of them it was.
 */
export function findVariablePaths(inventoryFile: string, read: readonly string[]): VariablePaths {
  const folder = join(dirname(inventoryFile), 'group_vars');
  const all = join(folder, 'all');
  const vault = join(all, 'vault.yml');
  const singles = [all, `${all}.yml`, `${all}.yaml`, `${all}.json`];
  const mains = ['main.yml', 'main.yaml', 'main'].map((name) => join(all, name));
  const alternatives = [...mains, ...singles];
  const main = mains.find((path) => read.includes(path));
  // A file in the folder was read, so the folder is what counts.
  const single = read.some((path) => path.startsWith(`${all}/`))
    ? undefined
    : singles.find((path) => read.includes(path));
  return { variables: single ?? main ?? join(all, 'main.yml'), vault, hidden: single, alternatives };
}

/** The file to add plain variables to: where the usual one is encrypted, a new one beside it. */
export async function plainVariablesFile(
  paths: VariablePaths,
  read: (path: string) => Promise<string | undefined>,
): Promise<string> {
  const encrypted = isVaultText((await read(paths.variables)) ?? '');
  return encrypted && paths.hidden === undefined ? join(dirname(paths.variables), 'litellm.yml') : paths.variables;
}
