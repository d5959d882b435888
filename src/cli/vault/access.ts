import { join, resolve } from 'node:path';
import { readFile } from 'node:fs/promises';
import { readAnsibleSettings } from '../../config/ansible-cfg/settings.ts';
import { Findings } from '../../config/findings.ts';
import { newVariablesFolder, variableFolders } from '../../config/inventory/sources.ts';
import { sourcesOf as inventorySourcesOf } from '../../config/load.ts';
import { shownPath } from '../../config/shown-path.ts';
import { SourceFiles } from '../../config/source-files.ts';
import { readUtf8 } from '../../config/utf8.ts';
import { isVaultText } from '../../config/vault/envelope.ts';
import { yamlFault } from '../../config/vault/inline.ts';
import { Keyring, type Sealing, type UnlockedVault } from '../../config/vault/keyring.ts';
import { askedPassword, type PasswordSource } from '../../config/vault/password.ts';
import { passwordSources } from '../../config/vault/sources.ts';
import { errorCode, errorMessage } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { typeNewPassword } from './new-password.ts';
import { fileRequest, vaultQuestions, type VaultOptions } from './request.ts';

/** A file of variables, as it is on disk. */
export interface VaultFile {
  readonly path: string;
  /** For messages. */
  readonly shown: string;
  readonly text: string;
  /** The whole file is encrypted. Otherwise single values may be. */
  readonly encrypted: boolean;
  /** The reason why a file that is not encrypted is no YAML, so that its encrypted values are not found; `undefined` if it is. */
  readonly fault: string | undefined;
}

/** The options of commands that encrypt something new. */
export interface SealingOptions extends VaultOptions {
  readonly encryptVaultId?: string;
}

/** The passwords of this command line, of the environment and of ansible.cfg. On a terminal the password is asked for if there is none. */
export async function openKeyring(
  terminal: Terminal,
  options: VaultOptions,
  signal: AbortSignal,
): Promise<Result<Keyring>> {
  const read = await sourcesOf(terminal, options, signal);
  if (!read.ok) return read;
  const { sources } = read.value;
  if (sources.length > 0) return ok(new Keyring(sources));
  const questions = vaultQuestions(terminal, signal);
  if (terminal.interactive) return ok(new Keyring([askedPassword(() => questions.ask())]));
  return fail({
    code: 'vault.no-password',
    summary: 'a vault password is needed',
    detail: 'Expected a password file or a terminal to ask on, found neither.',
    fix: 'run again with --vault-password-file FILE or --vault-id ID@FILE',
  });
}

/** The password to encrypt something new with: a known one, else a new one that is typed twice. `command` is the one that needs it. */
export async function sealingFor(
  terminal: Terminal,
  options: SealingOptions,
  command: string,
  signal: AbortSignal,
): Promise<Result<Sealing>> {
  const read = await sourcesOf(terminal, options, signal);
  if (!read.ok) return read;
  const id = options.encryptVaultId ?? read.value.encryptIdentity;
  const known = await new Keyring(read.value.sources).sealing(id);
  if (!known.ok) return known;
  if (known.value !== undefined) return ok(known.value);
  const typed = await typeNewPassword(terminal, command, signal);
  return typed.ok ? ok({ password: typed.value, id: id ?? 'default' }) : typed;
}

/** The folders of an inventory's variables: of `-i`, else of ansible.cfg, else `inventories`. */
export interface InventoryFolders {
  /** The group_vars folder of new variables. */
  readonly folder: string;
  /** All folders in which Ansible looks for group_vars and host_vars. */
  readonly folders: readonly string[];
}

/** The folders of the inventories, of which none has to exist. */
export async function variablesFolderOf(
  terminal: Terminal,
  inventories: readonly string[],
): Promise<Result<InventoryFolders>> {
  const files = new SourceFiles(terminal.cwd, new Keyring([]));
  const request = fileRequest(
    terminal,
    { inventory: inventories },
    vaultQuestions(terminal, new AbortController().signal),
  );
  const settings = await readAnsibleSettings(request, files, new Findings());
  if (!settings.ok) return settings;
  const sources = inventorySourcesOf(request, settings.value);
  return ok({
    folder: join(newVariablesFolder(sources, terminal.cwd), 'group_vars'),
    folders: variableFolders(sources, terminal.cwd),
  });
}

async function sourcesOf(
  terminal: Terminal,
  options: VaultOptions,
  signal: AbortSignal,
): Promise<Result<{ readonly sources: readonly PasswordSource[]; readonly encryptIdentity: string | undefined }>> {
  const request = fileRequest(terminal, options, vaultQuestions(terminal, signal));
  const settings = await readAnsibleSettings(request, new SourceFiles(request.cwd, new Keyring([])), new Findings());
  if (!settings.ok) return settings;
  return ok({
    sources: passwordSources(request, settings.value),
    encryptIdentity: settings.value.vaultEncryptIdentity,
  });
}

/** Reads a file that a person named. */
export async function readVaultFile({ cwd }: Terminal, name: string): Promise<Result<VaultFile>> {
  const path = resolve(cwd, name);
  const shown = shownPath(path, cwd);
  try {
    const bytes = await readFile(path);
    const read = readUtf8(bytes);
    if (typeof read !== 'string')
      return fail(unreadable(shown, `a byte that is not UTF-8 at offset ${String(read.offset)}`, 'file'));
    // With its byte order mark, so that the file is recognised as the one that was read.
    const text = bytes.toString('utf8');
    return ok({
      path,
      shown,
      text,
      encrypted: isVaultText(text),
      fault: isVaultText(text) ? undefined : yamlFault(text),
    });
  } catch (error) {
    const code = errorCode(error);
    return fail(unreadable(shown, code === 'ENOENT' ? 'no such file' : errorMessage(error), 'ls -l'));
  }
}

/** Opens a text; a password is needed. */
export async function unlock(keyring: Keyring, text: string, file: string): Promise<Result<UnlockedVault>> {
  const opened = await keyring.unlock(text, { file });
  if (!opened.ok) return opened;
  if (opened.value.state === 'open') return ok(opened.value);
  throw new Error('a keyring with sources left a vault locked');
}

/** The decrypted text of an opened vault. */
export function textOf({ bytes }: UnlockedVault, file: string): Result<string> {
  const text = readUtf8(bytes);
  if (typeof text === 'string') return ok(text);
  return fail({
    code: 'vault.not-text',
    summary: 'a decrypted text is not UTF-8',
    detail: `Expected UTF-8, found another byte at offset ${String(text.offset)} of the decrypted text.`,
    fix: `ansible-vault decrypt --output - ${file} | iconv -f latin1 -t utf8  # then encrypt it again`,
    where: { file },
  });
}

function unreadable(file: string, found: string, command: string): Problem {
  return {
    code: 'vault.file',
    summary: 'the file cannot be read',
    detail: `Expected a file of variables at ${file}, found ${found}.`,
    fix: `${command} ${file}`,
    where: { file },
  };
}
