import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { comparePython } from '../../config/python/compare.ts';
import { variableFilesOf } from '../../config/variables/files.ts';
import { variableNames } from '../../config/vault/variable-text.ts';
import type { Keyring } from '../../config/vault/keyring.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { readVaultFile, textOf, unlock, type InventoryFolders, type VaultFile } from './access.ts';

/** The files of group_vars and host_vars that set a variable. An encrypted file that does not open is a Problem: it may set it too. */
export async function filesThatSet(
  terminal: Terminal,
  name: string,
  folders: InventoryFolders['folders'],
  keyring: Result<Keyring>,
): Promise<Result<readonly VaultFile[]>> {
  const setting: VaultFile[] = [];
  const paths: string[] = [];
  for (const place of folders)
    for (const kind of ['group_vars', 'host_vars']) paths.push(...(await filesBelow(join(place, kind))));
  for (const path of paths) {
    const file = await readVaultFile(terminal, path);
    if (!file.ok) continue;
    const opened = !file.value.encrypted
      ? ok(file.value.text)
      : keyring.ok
        ? await unlock(keyring.value, file.value.text, file.value.shown).then((one) =>
            one.ok ? textOf(one.value, file.value.shown) : one,
          )
        : keyring;
    if (!opened.ok)
      return fail({
        ...opened.problems[0],
        fix: `give its password too, or name the file that sets ${name}: hxllm vault set ${name} --file FILE`,
      });
    if (variableNames(opened.value).includes(name)) setting.push(file.value);
  }
  return ok(setting);
}

/** The files of group_vars or host_vars that Ansible reads, links included. */
async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder).catch(() => []);
  const names = new Set(
    entries.filter((name) => !name.startsWith('.')).map((name) => name.replace(/\.(?:ya?ml|json)$/, '')),
  );
  const found = await Promise.all([...names].toSorted(comparePython).map((name) => variableFilesOf(folder, name)));
  return found.flatMap(({ read }) => read);
}
