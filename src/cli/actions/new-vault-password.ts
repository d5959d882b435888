import { readAnsibleSettings } from '../../config/ansible-cfg/settings.ts';
import { Findings } from '../../config/findings.ts';
import { sourcesOf } from '../../config/load.ts';
import { newInventoryFile, newVariablesFolder } from '../../config/inventory/sources.ts';
import { SourceFiles } from '../../config/source-files.ts';
import { Keyring, type Sealing } from '../../config/vault/keyring.ts';
import type { PasswordSource } from '../../config/vault/password.ts';
import { passwordSources } from '../../config/vault/sources.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import { configRequest } from '../run/with-config.ts';
import type { Session } from '../run/session.ts';
import { typeNewPassword } from '../vault/new-password.ts';

/** Absolute paths of a new inventory and its variables, and what may encrypt a new vault. */
export interface InventoryPaths {
  readonly inventoryFile: string;
  readonly variablesFolder: string;
  /** The files and programs with vault passwords, of the command line and of Ansible's settings. */
  readonly passwords: readonly PasswordSource[];
  /** The id of the one that encrypts, by Ansible's settings. */
  readonly encryptIdentity: string | undefined;
}

/** The paths for this command line. */
export async function inventoryPaths(session: Session): Promise<Result<InventoryPaths>> {
  const request = configRequest(session);
  const settings = await readAnsibleSettings(request, new SourceFiles(request.cwd, new Keyring([])), new Findings());
  if (!settings.ok) return settings;
  const sources = sourcesOf(request, settings.value);
  return ok({
    inventoryFile: newInventoryFile(sources, request.cwd),
    variablesFolder: newVariablesFolder(sources, request.cwd),
    passwords: passwordSources(request, settings.value).filter(({ path }) => path !== undefined),
    encryptIdentity: settings.value.vaultEncryptIdentity,
  });
}

/** The password for a new vault: of the one file that the command line or Ansible's settings name, or choose, else typed twice. */
export async function newVaultPassword(
  session: Session,
  { passwords, encryptIdentity }: Pick<InventoryPaths, 'passwords' | 'encryptIdentity'>,
): Promise<Result<Sealing>> {
  const { terminal, signal } = session;
  const known = await new Keyring(passwords).sealing(encryptIdentity);
  if (!known.ok)
    return fail({ ...known.problems[0], fix: 'run again with --vault-id ID@FILE, and no other source of passwords' });
  if (known.value !== undefined) return ok(known.value);
  session.view.pause();
  const typed = await typeNewPassword(terminal, 'hxllm inventory --vault-init', signal);
  return typed.ok ? ok({ password: typed.value, id: encryptIdentity ?? 'default' }) : typed;
}
