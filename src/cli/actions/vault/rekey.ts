import { resolve } from 'node:path';
import { encryptVault } from '../../../config/vault/cipher.ts';
import { inlineVaults, replaceInline } from '../../../config/vault/inline.ts';
import type { Keyring } from '../../../config/vault/keyring.ts';
import { filePassword } from '../../../config/vault/password.ts';
import { openedWith } from '../../../config/vault/sources.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import type { Secret } from '../../../core/secret.ts';
import { writeChanges, type Change } from '../../files/write-changes.ts';
import { quote } from '../../../core/shell.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { openKeyring, readVaultFile, unlock, type VaultFile } from '../../vault/access.ts';
import { typeNewPassword } from '../../vault/new-password.ts';
import type { VaultOptions } from '../../vault/request.ts';
import { notYaml } from './view.ts';

/** The new password of a rekey. */
export interface NewPasswordOptions {
  readonly newVaultPasswordFile?: string;
  /** `ID@FILE`, `ID@prompt`. */
  readonly newVaultId?: string;
}

/** A password and the vault id that goes into the header. */
interface NewPassword {
  readonly password: Secret<Buffer>;
  readonly id: string | undefined;
}

/**
 * Encrypts files, and the encrypted values in files, with another password. All files are opened first, and all are written or none. Without
 * a new id each keeps its own. Returns a line for each file.
 */
export async function rekeyVaults(
  terminal: Terminal,
  names: readonly string[],
  options: VaultOptions & NewPasswordOptions,
  signal: AbortSignal,
): Promise<Result<string>> {
  const files: VaultFile[] = [];
  for (const name of names) {
    const file = await readVaultFile(terminal, name);
    if (!file.ok) return file;
    if (file.value.fault !== undefined) return fail(notYaml(file.value, file.value.fault));
    if (!file.value.encrypted && inlineVaults(file.value.text).length === 0)
      return fail({
        code: 'vault.not-encrypted',
        summary: 'there is nothing to decrypt',
        detail: 'Expected an encrypted file, or one with encrypted values, found plain text. No file was changed.',
        fix: `hxllm vault encrypt ${quote(file.value.shown)}`,
        where: { file: file.value.shown },
      });
    // A file that is named twice is one file.
    if (!files.some(({ path }) => path === file.value.path)) files.push(file.value);
  }
  const keyring = await openKeyring(terminal, options, signal);
  if (!keyring.ok) return keyring;
  const opened: (() => Promise<Change>)[] = [];
  const newPassword: { value?: NewPassword } = {};
  for (const file of files) {
    const change = await openFile(file, keyring.value, () => {
      if (newPassword.value === undefined) throw new Error('the new password is not known yet');
      return newPassword.value;
    });
    if (!change.ok) return change;
    opened.push(change.value);
  }
  // The new password is asked for when all files are open: a wrong old one ends the command before.
  const typed = await newPasswordOf(terminal, options, keyring.value, signal);
  if (!typed.ok) return typed;
  newPassword.value = typed.value;
  const changes = await Promise.all(opened.map((change) => change()));
  const written = await writeChanges(changes, undefined);
  return written.ok ? ok(files.map(({ shown }) => `rekeyed ${shown}`).join('\n')) : written;
}

async function openFile(
  { path, shown, text, encrypted }: VaultFile,
  keyring: Keyring,
  newPassword: () => NewPassword,
): Promise<Result<() => Promise<Change>>> {
  const seal = async (bytes: Buffer, ownId: string): Promise<string> => {
    const { password, id = ownId } = newPassword();
    return encryptVault(bytes, password, { id });
  };
  if (encrypted) {
    const opened = await unlock(keyring, text, shown);
    if (!opened.ok) return opened;
    const { bytes, id } = opened.value;
    return ok(async () => ({ path, before: text, after: await seal(bytes, id), mode: 0o600 }));
  }
  const values: { readonly bytes: Buffer; readonly id: string }[] = [];
  const places = inlineVaults(text);
  for (const { ciphertext } of places) {
    const opened = await unlock(keyring, ciphertext, shown);
    if (!opened.ok) return opened;
    values.push(opened.value);
  }
  return ok(async () => {
    let after = text;
    // From the end, so that the places before stay where they are.
    for (const [index, place] of [...places.entries()].toReversed()) {
      const value = values[index];
      if (value !== undefined) after = replaceInline(after, place, await seal(value.bytes, value.id));
    }
    return { path, before: text, after, mode: 0o600 };
  });
}

async function newPasswordOf(
  terminal: Terminal,
  { newVaultPasswordFile: file, newVaultId }: NewPasswordOptions,
  keyring: Keyring,
  signal: AbortSignal,
): Promise<Result<NewPassword>> {
  const at = newVaultId?.indexOf('@') ?? -1;
  const id = newVaultId === undefined ? undefined : at < 0 ? newVaultId : newVaultId.slice(0, at);
  const source = newVaultId === undefined || at < 0 ? file : newVaultId.slice(at + 1);
  if (source === undefined || source === 'prompt') {
    const typed = await typeNewPassword(terminal, 'hxllm vault rekey FILE', signal);
    return typed.ok ? ok({ password: typed.value, id }) : typed;
  }
  const path = resolve(terminal.cwd, source.replace(/^~(?=\/)/, terminal.home));
  const read = await filePassword(path, source, id, openedWith(keyring)).read(id ?? 'default');
  if (!read.ok) return read;
  return read.value === undefined
    ? fail({
        code: 'vault.password-empty',
        summary: 'the new vault password is empty',
        detail: `Expected a password for the id ${id ?? 'default'} from ${source}, found that it knows none. No file was changed.`,
        fix: 'hxllm vault rekey FILE --new-vault-id ID@FILE',
      })
    : ok({ password: read.value, id });
}
