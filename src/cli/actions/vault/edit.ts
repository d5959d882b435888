import { extname } from 'node:path';
import { readYaml } from '../../../config/document/yaml.ts';
import { Findings } from '../../../config/findings.ts';
import { encryptVault } from '../../../config/vault/cipher.ts';
import { inlineVault, replaceInline } from '../../../config/vault/inline.ts';
import { Keyring } from '../../../config/vault/keyring.ts';
import { ok, type Result } from '../../../core/problem.ts';
import { writeChanges } from '../../files/write-changes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { openKeyring, readVaultFile, textOf, unlock } from '../../vault/access.ts';
import type { VaultOptions } from '../../vault/request.ts';
import { editText } from '../../vault/editor.ts';
import { sealedText } from './view.ts';

/**
 * Opens an encrypted file, or one encrypted value, in the operator's editor and encrypts it again with the same password and id. Returns
 * the line for the operator. A text that was not changed leaves the file byte for byte.
 */
export async function editVault(
  terminal: Terminal,
  { file: name, variable }: { readonly file: string; readonly variable: string | undefined },
  options: VaultOptions,
  signal: AbortSignal,
): Promise<Result<string>> {
  const file = await readVaultFile(terminal, name);
  if (!file.ok) return file;
  const { path, shown, text: before } = file.value;
  const sealed = sealedText(file.value, variable);
  if (!sealed.ok) return sealed;
  const keyring = await openKeyring(terminal, options, signal);
  if (!keyring.ok) return keyring;
  const opened = await unlock(keyring.value, sealed.value, shown);
  if (!opened.ok) return opened;
  const plain = textOf(opened.value, shown);
  if (!plain.ok) return plain;
  const edited = await editText(
    terminal,
    {
      text: plain.value,
      name: variable === undefined ? `vault${extname(path) === '' ? '.yml' : extname(path)}` : 'value.txt',
    },
    variable === undefined ? faultOf : () => Promise.resolve(undefined),
    signal,
  );
  if (!edited.ok) return edited;
  if (edited.value === plain.value) return ok(`unchanged ${shown}`);
  const { password, id } = opened.value;
  // Editors end a text with a line end, which is no part of a value that had none.
  const value =
    variable !== undefined && !plain.value.endsWith('\n') ? edited.value.replace(/\r?\n$/, '') : edited.value;
  if (value === plain.value) return ok(`unchanged ${shown}`);
  const ciphertext = await encryptVault(value, password, { id });
  const place = variable === undefined ? undefined : inlineVault(before, variable);
  const after = place === undefined ? ciphertext : replaceInline(before, place, ciphertext);
  const written = await writeChanges([{ path, before, after, mode: 0o600 }], undefined);
  return written.ok ? ok(`encrypted ${shown}${id === 'default' ? '' : ` with the password ${id}`}`) : written;
}

/** The fault of a text that Ansible and hxllm could not read as variables. Encrypted values in it are not opened. */
async function faultOf(text: string): Promise<string | undefined> {
  const findings = new Findings();
  const value = await readYaml({ text, file: 'the edited text', encrypted: true }, new Keyring([]), findings);
  const [error] = findings.errors;
  if (error !== undefined) return error.detail;
  const isEmpty = value === undefined || (value.kind === 'scalar' && value.value === null);
  return isEmpty || value.kind === 'map' ? undefined : 'Expected lines such as name: value, found something else.';
}
