import type { MasterKey } from '../../config/config.ts';
import type { VariablePaths } from '../../config/edit/variable-paths.ts';
import { newVault } from '../../config/vault/new-vault.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Drafts } from './drafts.ts';
import type { InventoryRequest } from './request.ts';
import type { InventorySubject } from './subject.ts';

/** The command that makes a key by hand. */
export const MAKE_KEY = "openssl rand -hex 32 | sed 's/^/sk-/'";

/** Drafts the vault if `--vault-init` asks for one and none exists. Returns the state of the key. */
export async function draftVault(
  request: InventoryRequest,
  key: MasterKey,
  paths: VariablePaths,
  drafts: Drafts,
): Promise<Result<Pick<InventorySubject, 'key' | 'vault'>>> {
  const file = drafts.shown(paths.vault);
  const exists = (await drafts.text(paths.vault)) !== undefined;
  if (request.vaultInit === undefined || key.state === 'set') return ok({ key, vault: { file, exists } });
  if (key.state === 'locked') return fail(refusal(key.file));
  if (exists) return fail(refusal(file));
  if (paths.hidden !== undefined) return fail(hiding(drafts.shown(paths.hidden), file));
  if (request.vaultInit.password.reveal().length === 0)
    return fail({
      code: 'vault.password-empty',
      summary: 'the vault password is empty',
      detail: 'Expected a password to encrypt the new vault with, found nothing.',
      fix: 'hxllm inventory --vault-init  # and type a long password',
    });
  if (request.masterKey === undefined) throw new Error('--vault-init came without a key to put into the vault');
  await drafts.writeSecret(paths.vault, await newVault(request.masterKey, request.vaultInit));
  return ok({ key: { state: 'added', file }, vault: { file, exists: true } });
}

function refusal(file: string): Problem {
  return {
    code: 'vault.exists',
    summary: 'a vault exists already',
    detail: `Expected no encrypted file, so that one can be created, found ${file}, which is not changed. One line may be missing in it: litellm_master_key: "sk-…", with a key made by ${MAKE_KEY}.`,
    fix: `ansible-vault edit ${file}`,
    where: { file },
  };
}

function hiding(single: string, vault: string): Problem {
  const folder = vault.slice(0, vault.lastIndexOf('/'));
  const move =
    single === folder
      ? `mv ${single} ${single}.new && mkdir ${folder} && mv ${single}.new ${folder}/main.yml`
      : `mkdir ${folder} && mv ${single} ${folder}/main.yml`;
  return {
    code: 'vault.would-hide',
    summary: 'a vault in this folder would hide the variables',
    detail: `Expected the folder ${folder} for vault.yml, found the file ${single} instead. As soon as the folder exists, Ansible reads only the folder.`,
    fix: `${move} && hxllm inventory --vault-init`,
    where: { file: single },
  };
}
