import { readAnsibleSettings } from '../../config/ansible-cfg/settings.ts';
import { Findings } from '../../config/findings.ts';
import { sourcesOf } from '../../config/load.ts';
import { newInventoryFile, newVariablesFolder } from '../../config/inventory/sources.ts';
import { SourceFiles } from '../../config/source-files.ts';
import { Keyring } from '../../config/vault/keyring.ts';
import { filePassword } from '../../config/vault/password.ts';
import { resolve } from 'node:path';
import { ok, type Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import { configRequest } from '../run/with-config.ts';
import type { Session } from '../run/session.ts';
import { typeNewPassword } from '../vault/new-password.ts';

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
  session.view.pause();
  return typeNewPassword(terminal, 'hxllm inventory --vault-init', signal);
}
