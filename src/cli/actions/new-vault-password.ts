import { readAnsibleSettings } from '../../config/ansible-cfg/settings.ts';
import { Findings } from '../../config/findings.ts';
import { sourcesOf } from '../../config/load.ts';
import { newInventoryFile, newVariablesFolder } from '../../config/inventory/sources.ts';
import { SourceFiles } from '../../config/source-files.ts';
import { Keyring } from '../../config/vault/keyring.ts';
import { filePassword, typedPassword } from '../../config/vault/password.ts';
import { resolve } from 'node:path';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import { configRequest } from '../run/with-config.ts';
import type { Session } from '../run/session.ts';

/** Absolute paths: of a new inventory and its variables, and of the vault password file of the command line or ansible.cfg. */
export interface InventoryPaths {
  readonly inventoryFile: string;
  readonly variablesFolder: string;
  readonly vaultPasswordFile: string | undefined;
}

/** The paths for this command line. */
export async function inventoryPaths(session: Session): Promise<Result<InventoryPaths>> {
  const request = configRequest(session);
  const settings = await readAnsibleSettings(request, new SourceFiles(request.cwd, new Keyring([])), new Findings());
  if (!settings.ok) return settings;
  const named = request.vaultPasswordFile;
  const sources = sourcesOf(request, settings.value);
  return ok({
    inventoryFile: newInventoryFile(sources, request.cwd),
    variablesFolder: newVariablesFolder(sources, request.cwd),
    vaultPasswordFile: named === undefined ? settings.value.vaultPasswordFile : resolve(request.cwd, named),
  });
}

/** The password for a new vault: from the file that the command line or ansible.cfg names, else typed twice. */
export async function newVaultPassword(session: Session, file: string | undefined): Promise<Result<Secret<Buffer>>> {
  const { terminal, signal } = session;
  if (file !== undefined) {
    const read = await filePassword(file, file).read('default');
    if (!read.ok) return read;
    if (read.value !== undefined) return ok(read.value);
  }
  if (!terminal.interactive) {
    return fail({
      code: 'usage.no-terminal',
      summary: 'a vault password is needed, and there is no terminal to ask for it',
      detail: 'Expected a password for the new vault in a file, found neither a file nor a terminal.',
      fix: 'hxllm inventory --vault-init --vault-password-file FILE',
    });
  }
  session.view.pause();
  const first = await terminal.askHidden('New vault password: ', signal);
  const password = typedPassword(first ?? '');
  if (password === undefined)
    return fail({
      code: 'vault.password-empty',
      summary: 'no vault password was given',
      detail: 'Expected a password for the new vault, found none. Nothing was changed.',
      fix: 'hxllm inventory --vault-init',
    });
  const second = await terminal.askHidden('The same again:     ', signal);
  if (second !== first)
    return fail({
      code: 'vault.password-differs',
      summary: 'the two passwords differ',
      detail: 'Expected the same password twice, found two different ones. Nothing was changed.',
      fix: 'hxllm inventory --vault-init',
    });
  return ok(password);
}
