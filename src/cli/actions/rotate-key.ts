import { randomBytes } from 'node:crypto';
import { encryptVault } from '../../config/vault/cipher.ts';
import { inBlockStyle, inlineVault } from '../../config/vault/inline.ts';
import type { Sealing } from '../../config/vault/keyring.ts';
import { withoutVariable, withRenamed } from '../../config/vault/rotation.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { quote } from '../../core/shell.ts';
import type { Keyring } from '../../config/vault/keyring.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { openKeyring, sealingFor, textOf, unlock, type VaultFile } from '../vault/access.ts';
import type { VaultOptions } from '../vault/request.ts';
import { filesThatSet } from '../vault/variable-files.ts';

const KEY = 'litellm_master_key';
const PREVIOUS = 'litellm_master_key_previous';
const REVOKED = 'litellm_master_key_revoked';

/** A step of a rotation: a new key beside the old one, or the end of the old one. */
export type RotationStep = 'begin' | 'finish';

/** The file of a rotation and its text afterwards, encrypted as it was. */
export interface RotationDraft {
  readonly file: VaultFile;
  readonly after: string;
}

/** The place of the variables, and what is given up. */
export interface RotationRequest {
  readonly folders: readonly string[];
  readonly step: RotationStep;
  /** A previous key that is still there stops working. */
  readonly discardPrevious: boolean;
}

/**
 * Drafts a step of a rotation. `begin`: a new random key is the master key, and the one before it is `litellm_master_key_previous`, in the same
 * file and encrypted with the same password and id. `finish`: the previous key becomes `litellm_master_key_revoked`, which no gateway gets
 * and of which smoke proves that it is refused. `undefined`: there is nothing left to finish. No key is shown.
 */
export async function draftRotation(
  terminal: Terminal,
  { folders, step, discardPrevious }: RotationRequest,
  options: VaultOptions,
  signal: AbortSignal,
): Promise<Result<RotationDraft | undefined>> {
  const keyring = await openKeyring(terminal, options, signal);
  const [keys, previous] = [
    await filesThatSet(terminal, KEY, folders, keyring),
    await filesThatSet(terminal, PREVIOUS, folders, keyring),
  ];
  if (!keys.ok) return keys;
  if (!previous.ok) return previous;
  const [file] = keys.value;
  if (file === undefined) return fail(noKey());
  const all = new Set([...keys.value, ...previous.value].map(({ shown }) => shown));
  if (all.size > 1) return fail(severalFiles([...all]));
  if (step === 'finish' && previous.value.length === 0) return ok(undefined);
  if (step === 'begin' && previous.value.length > 0 && !discardPrevious) return fail(stillThere(file.shown));
  const opened = file.encrypted ? await openWhole(file, keyring) : ok({ text: file.text });
  if (!opened.ok) return opened;
  const { text } = opened.value;
  if (step === 'finish') {
    const without = withoutVariable(text, REVOKED);
    const after = without === undefined ? undefined : withRenamed(without, PREVIOUS, REVOKED);
    return after === undefined ? fail(byHand(file.shown)) : ok({ file, after: await sealed(after, opened.value) });
  }
  const without = withoutVariable(text, PREVIOUS);
  if (without === undefined) return fail(byHand(file.shown));
  const key = `sk-${randomBytes(32).toString('hex')}`;
  if (file.encrypted) {
    const after = withRenamed(without, KEY, PREVIOUS, { name: KEY, value: `"${key}"` });
    return after === undefined ? fail(byHand(file.shown)) : ok({ file, after: await sealed(after, opened.value) });
  }
  const sealing = await sealingOf(terminal, file, keyring, options, signal);
  if (!sealing.ok) return sealing;
  const { password, id } = sealing.value;
  const value = `!vault ${JSON.stringify(await encryptVault(key, password, { id }))}`;
  const after = withRenamed(without, KEY, PREVIOUS, { name: KEY, value });
  const place = after === undefined ? undefined : inlineVault(after, KEY);
  return after === undefined || place === undefined
    ? fail(byHand(file.shown))
    : ok({ file, after: inBlockStyle(after, place) });
}

interface OpenedText {
  readonly text: string;
  /** How the whole file is encrypted again. */
  readonly sealing?: Sealing;
}

async function openWhole({ text, shown }: VaultFile, keyring: Result<Keyring>): Promise<Result<OpenedText>> {
  if (!keyring.ok) return keyring;
  const opened = await unlock(keyring.value, text, shown);
  if (!opened.ok) return opened;
  const plain = textOf(opened.value, shown);
  return plain.ok ? ok({ text: plain.value, sealing: opened.value }) : plain;
}

async function sealed(text: string, { sealing }: OpenedText): Promise<string> {
  return sealing === undefined ? text : encryptVault(text, sealing.password, { id: sealing.id });
}

/** The password and id of the value that is replaced; of a value in plain text, those for something new. */
async function sealingOf(
  terminal: Terminal,
  file: VaultFile,
  keyring: Result<Keyring>,
  options: VaultOptions,
  signal: AbortSignal,
): Promise<Result<Sealing>> {
  const old = inlineVault(file.text, KEY);
  if (old === undefined) return sealingFor(terminal, options, 'hxllm inventory --rotate-key', signal);
  return keyring.ok ? unlock(keyring.value, old.ciphertext, file.shown) : keyring;
}

function noKey(): Problem {
  return {
    code: 'vault.key-missing',
    summary: 'no master key found',
    detail: `Expected ${KEY} in a file of group_vars or host_vars, found none.`,
    fix: 'hxllm inventory --vault-init',
  };
}

function stillThere(file: string): Problem {
  return {
    code: 'vault.rotation-open',
    summary: 'the last rotation is not finished',
    detail: `Expected no ${PREVIOUS}, found one in ${file}: it would stop working, also for clients that still use it. Nothing was changed.`,
    fix: 'hxllm enforce, give the new key to the clients, then: hxllm inventory --rotate-key --finish  # or --discard-previous, if the key before must stop working',
    where: { file },
  };
}

function severalFiles(files: readonly string[]): Problem {
  return {
    code: 'vault.several-files',
    summary: 'several files set the master key',
    detail: `Expected one file with ${KEY} and ${PREVIOUS}, found ${files.join(', ')}. Nothing was changed.`,
    fix: `for each of them: hxllm vault edit ${quote(files[0] ?? 'FILE')}  # rename ${KEY} to ${PREVIOUS}, then: hxllm vault set ${KEY} --generate --file ${quote(files[0] ?? 'FILE')}`,
  };
}

function byHand(file: string): Problem {
  return {
    code: 'vault.edit-by-hand',
    summary: 'cannot rotate the master key without rewriting the file',
    detail: `Expected a line of ${file} that sets ${KEY} once, found flow style, a list, a mapping, or an anchor that other variables use. Nothing was changed.`,
    fix: `hxllm vault edit ${quote(file)}  # rename ${KEY} to ${PREVIOUS}, then: hxllm vault set ${KEY} --generate --file ${quote(file)}`,
    where: { file },
  };
}
