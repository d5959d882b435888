import { inlineVault, inlineVaults } from '../../../config/vault/inline.ts';
import { fail, ok, type Problem, type Result } from '../../../core/problem.ts';
import { quote } from '../../../core/shell.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { openKeyring, readVaultFile, textOf, unlock, type VaultFile } from '../../vault/access.ts';
import type { VaultOptions } from '../../vault/request.ts';

/** Returns the decrypted text of a file, or of one encrypted value in it. */
export async function viewVault(
  terminal: Terminal,
  { file: name, variable }: { readonly file: string; readonly variable: string | undefined },
  options: VaultOptions,
  signal: AbortSignal,
): Promise<Result<string>> {
  const file = await readVaultFile(terminal, name);
  if (!file.ok) return file;
  const sealed = sealedText(file.value, variable);
  if (!sealed.ok) return sealed;
  const keyring = await openKeyring(terminal, options, signal);
  if (!keyring.ok) return keyring;
  const opened = await unlock(keyring.value, sealed.value, file.value.shown);
  if (!opened.ok) return opened;
  const text = textOf(opened.value, file.value.shown);
  return text.ok ? ok(variable === undefined || text.value.endsWith('\n') ? text.value : `${text.value}\n`) : text;
}

/** The encrypted text that is meant: the whole file, or the value of a variable. */
export function sealedText(file: VaultFile, variable: string | undefined): Result<string> {
  if (file.encrypted)
    return variable === undefined
      ? ok(file.text)
      : fail(
          unsuitable(
            file,
            'no name behind a file that is encrypted as a whole',
            variable,
            `hxllm vault view ${quote(file.shown)}`,
          ),
        );
  if (file.fault !== undefined) return fail(notYaml(file, file.fault));
  const found = inlineVault(file.text, variable);
  if (found !== undefined) return ok(found.ciphertext);
  const names = [...new Set(inlineVaults(file.text).map(({ path }) => path))];
  const [first] = names;
  return fail(
    first === undefined
      ? unsuitable(
          file,
          'an encrypted file, or one with encrypted values',
          'plain text',
          `hxllm vault encrypt ${quote(file.shown)}`,
        )
      : unsuitable(
          file,
          `the name of an encrypted value: ${names.join(', ')}`,
          variable ?? 'none',
          `hxllm vault view ${quote(file.shown)} ${quote(first)}`,
        ),
  );
}

/** A file in which encrypted values cannot be found. */
export function notYaml({ shown }: VaultFile, fault: string): Problem {
  return {
    code: 'vault.not-yaml',
    summary: 'the file is no YAML',
    detail: `Expected an encrypted file, or YAML with encrypted values, found: ${fault}. No file was changed.`,
    fix: `correct ${shown}`,
    where: { file: shown },
  };
}

function unsuitable(file: VaultFile, wanted: string, found: string, fix: string): Problem {
  return {
    code: 'vault.not-encrypted',
    summary: 'there is nothing to decrypt',
    detail: `Expected ${wanted}, found ${found}.`,
    fix,
    where: { file: file.shown },
  };
}
