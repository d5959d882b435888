import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readUtf8 } from '../../../config/utf8.ts';
import { encryptVault } from '../../../config/vault/cipher.ts';
import { inBlockStyle, inlineVault } from '../../../config/vault/inline.ts';
import { quotedValue, withVariable } from '../../../config/vault/variable-text.ts';
import { errorMessage } from '../../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../../core/problem.ts';
import { quote } from '../../../core/shell.ts';
import { timestampOf } from '../../../core/timestamp.ts';
import { writeChanges } from '../../files/write-changes.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import {
  openKeyring,
  readVaultFile,
  sealingFor,
  textOf,
  unlock,
  type InventoryFolders,
  type SealingOptions,
  type VaultFile,
} from '../../vault/access.ts';
import { filesThatSet } from '../../vault/variable-files.ts';

/** The origin of the new value, and the file that gets it. */
export interface SetOptions extends SealingOptions {
  readonly generate?: boolean;
  /** A file with the value; `-` is the standard input. */
  readonly valueFile?: string;
  readonly file?: string;
}

/**
 * Sets a variable in an encrypted file, or as an encrypted value in a plain one. The value comes from a hidden prompt, a file or a
 * generator; it is never shown, and never an argument. Returns the line for the operator.
 */
export async function setSecret(
  terminal: Terminal,
  { name, ...places }: InventoryFolders & { readonly name: string },
  options: SetOptions,
  signal: AbortSignal,
): Promise<Result<string>> {
  if (!/^[A-Za-z_]\w*$/.test(name)) return fail(unsuitable('a name of a variable: letters, digits and _', name));
  if (options.generate === true && options.valueFile !== undefined)
    return fail(unsuitable('--generate or --value-file', 'both'));
  const file =
    options.file === undefined
      ? await fileOf(terminal, name, places, options, signal)
      : await readVaultFile(terminal, options.file);
  if (!file.ok) return file;
  const value = await valueFor(terminal, name, options, signal);
  if (!value.ok) return value;
  const { path, shown, text: before, encrypted } = file.value;
  const after = await rewritten(terminal, file.value, name, value.value, options, signal);
  if (!after.ok) return after;
  // The value before may still be needed; only an encrypted copy of it is kept.
  const timestamp = encrypted ? timestampOf(terminal.nowMs()) : undefined;
  const written = await writeChanges([{ path, before, after: after.value, mode: 0o600 }], timestamp);
  return written.ok ? ok(`set ${name} in ${shown}`) : written;
}

async function rewritten(
  terminal: Terminal,
  { shown, text, encrypted }: VaultFile,
  name: string,
  value: string,
  options: SetOptions,
  signal: AbortSignal,
): Promise<Result<string>> {
  const byHand: Problem = {
    code: 'vault.edit-by-hand',
    summary: `cannot set ${name} without rewriting the file`,
    detail: `Expected a line of ${shown} that sets ${name}, or a place for one, found flow style, a list, a mapping, or an anchor that other variables use.`,
    fix: encrypted
      ? `hxllm vault edit ${quote(shown)}`
      : `hxllm vault set ${name} --file ${quote(shown)}  # after you have removed ${name} from it`,
    where: { file: shown },
  };
  if (!encrypted) {
    const sealing = await sealingFor(terminal, options, `hxllm vault set ${name}`, signal);
    if (!sealing.ok) return sealing;
    const { password, id } = sealing.value;
    const after = withVariable(text, name, `!vault ${JSON.stringify(await encryptVault(value, password, { id }))}`);
    const place = after === undefined ? undefined : inlineVault(after, name);
    return after === undefined || place === undefined ? fail(byHand) : ok(inBlockStyle(after, place));
  }
  const keyring = await openKeyring(terminal, options, signal);
  if (!keyring.ok) return keyring;
  const opened = await unlock(keyring.value, text, shown);
  if (!opened.ok) return opened;
  const plain = textOf(opened.value, shown);
  if (!plain.ok) return plain;
  const after = withVariable(plain.value, name, quotedValue(value));
  if (after === undefined) return fail(byHand);
  return ok(await encryptVault(after, opened.value.password, { id: opened.value.id }));
}

/** The file that sets the variable now; without one, `all/vault.yml`. */
async function fileOf(
  terminal: Terminal,
  name: string,
  { folder, folders }: InventoryFolders,
  options: SetOptions,
  signal: AbortSignal,
): Promise<Result<VaultFile>> {
  const keyring = await openKeyring(terminal, options, signal);
  const setting = await filesThatSet(terminal, name, folders, keyring);
  if (!setting.ok) return setting;
  const [one, ...others] = setting.value;
  if (one !== undefined && others.length === 0) return ok(one);
  if (one !== undefined)
    return fail({
      code: 'vault.several-files',
      summary: `several files set ${name}`,
      detail: `Expected one, found ${setting.value.map(({ shown }) => shown).join(', ')}.`,
      fix: `hxllm vault set ${name} --file ${quote(one.shown)}  # hxllm inventory explain HOST ${name} shows the one that counts`,
    });
  const usual = await readVaultFile(terminal, join(folder, 'all', 'vault.yml'));
  if (usual.ok) return usual;
  return fail({ ...usual.problems[0], fix: 'hxllm inventory --vault-init, or name a file with --file FILE' });
}

async function valueFor(
  terminal: Terminal,
  name: string,
  { generate, valueFile }: SetOptions,
  signal: AbortSignal,
): Promise<Result<string>> {
  if (generate === true)
    return ok(
      /master_key/.test(name) ? `sk-${randomBytes(32).toString('hex')}` : randomBytes(32).toString('base64url'),
    );
  if (valueFile !== undefined) {
    const place = valueFile === '-' ? '/dev/stdin' : resolve(terminal.cwd, valueFile);
    const text = await readFile(place).then(
      (bytes) => {
        const read = readUtf8(bytes);
        return typeof read === 'string'
          ? ok(read)
          : fail(unsuitable('UTF-8', `another byte at offset ${String(read.offset)} of ${valueFile}`));
      },
      (error: unknown) => fail(unsuitable('a value', `${valueFile}, which cannot be read (${errorMessage(error)})`)),
    );
    if (!text.ok) return text;
    const value = text.value.replace(/\r?\n$/, '');
    return value === '' ? fail(unsuitable('a value', `nothing in ${valueFile}`)) : ok(value);
  }
  if (!terminal.interactive)
    return fail({
      code: 'usage.no-terminal',
      summary: 'there is no value, and no terminal to ask for it',
      detail: 'Expected --generate, --value-file FILE or a terminal, found none of them.',
      fix: `hxllm vault set ${quote(name)} --value-file -`,
    });
  const typed = await terminal.askHidden(`Value of ${name}: `, signal);
  return typed === undefined || typed === '' ? fail(unsuitable('a value', 'nothing')) : ok(typed);
}

function unsuitable(wanted: string, found: string): Problem {
  return {
    code: 'usage.vault-set',
    summary: 'the variable cannot be set',
    detail: `Expected ${wanted}, found ${found}. Nothing was changed.`,
    fix: 'hxllm vault set litellm_master_key --generate',
  };
}
