import { encryptVault } from '../../../config/vault/cipher.ts';
import { inlineVaults } from '../../../config/vault/inline.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import { writeChanges, type Change } from '../../files/write-changes.ts';
import { quote } from '../../../core/shell.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { readVaultFile, sealingFor, type SealingOptions, type VaultFile } from '../../vault/access.ts';
import { notYaml } from './view.ts';

/** Encrypts plain files in place: all or none. Returns a line for each. */
export async function encryptVaults(
  terminal: Terminal,
  names: readonly string[],
  options: SealingOptions,
  signal: AbortSignal,
): Promise<Result<string>> {
  const files: VaultFile[] = [];
  for (const name of names) {
    const file = await readVaultFile(terminal, name);
    if (!file.ok) return file;
    const { shown, text, path, encrypted } = file.value;
    if (encrypted || inlineVaults(text).length > 0)
      return fail({
        code: 'vault.encrypted',
        summary: 'the file is encrypted already',
        detail: `Expected plain text, found ${encrypted ? 'an encrypted file' : 'encrypted values: Ansible does not open them inside an encrypted file'}. No file was changed.`,
        fix: `hxllm vault view ${quote(shown)}${encrypted ? '' : ' NAME'}`,
        where: { file: shown },
      });
    // A file that is no YAML may be encrypted, but not one whose encrypted values are only not found.
    if (file.value.fault !== undefined && text.includes('$ANSIBLE_VAULT;'))
      return fail(notYaml(file.value, file.value.fault));
    if (!files.some((one) => one.path === path)) files.push(file.value);
  }
  const sealing = await sealingFor(terminal, options, 'hxllm vault encrypt FILE', signal);
  if (!sealing.ok) return sealing;
  const { password, id } = sealing.value;
  const changes = await Promise.all(
    files.map(async ({ path, text }): Promise<Change> => ({
      path,
      before: text,
      after: await encryptVault(text, password, { id }),
      mode: 0o600,
    })),
  );
  const written = await writeChanges(changes, undefined);
  return written.ok ? ok(files.map(({ shown }) => `encrypted ${shown}`).join('\n')) : written;
}
