import { fail, ok, type Failure, type Problem, type Result, type Where } from '../../core/problem.ts';
import { readUtf8 } from '../utf8.ts';
import { decryptVault } from './cipher.ts';
import { readEnvelope } from './envelope.ts';
import type { PasswordSource } from './password.ts';

/** The result of opening: the plain text, or `locked` if no password was given. */
export type OpenedVault = { readonly state: 'open'; readonly text: string } | { readonly state: 'locked' };

/** Opens vaults with the given passwords. A source is read only when a vault must be opened. */
export class Keyring {
  readonly #sources: readonly PasswordSource[];

  constructor(sources: readonly PasswordSource[]) {
    this.#sources = sources;
  }

  /** Tries every source in order. The id in the header is a hint; a password with another id may fit as well. */
  async open(text: string, where: Where): Promise<Result<OpenedVault>> {
    const envelope = readEnvelope(text);
    if (typeof envelope === 'string')
      return fail({
        code: 'vault.unreadable',
        summary: 'cannot read an encrypted text',
        detail: `Ansible Vault: ${envelope}.`,
        fix: `ansible-vault view ${where.file ?? 'FILE'}  # after you have restored the file from a copy`,
        where,
      });
    if (this.#sources.length === 0) return ok({ state: 'locked' });
    const tried: string[] = [];
    let unreadable: Failure | undefined;
    for (const source of this.#sources) {
      const password = await source.read(envelope.id);
      // Of the sources for several stages, a machine may have only its own: Ansible, too, goes on to the next.
      if (!password.ok) unreadable ??= password;
      if (!password.ok || password.value === undefined) continue;
      const plain = await decryptVault(envelope, password.value);
      if (plain !== undefined) return asText(plain, where);
      tried.push(source.label);
    }
    return tried.length === 0 && unreadable !== undefined ? unreadable : fail(wrongPassword(where, tried, envelope.id));
  }
}

function asText(plain: Buffer, where: Where): Result<OpenedVault> {
  const text = readUtf8(plain);
  if (typeof text === 'string') return ok({ state: 'open', text });
  return fail({
    code: 'vault.not-text',
    summary: 'a decrypted text is not UTF-8',
    detail: `Expected UTF-8, found another byte at offset ${String(text.offset)} of the decrypted text.`,
    fix: `ansible-vault decrypt --output - ${where.file ?? 'FILE'} | iconv -f latin1 -t utf8  # then encrypt it again`,
    where,
  });
}

function wrongPassword(where: Where, tried: readonly string[], id: string): Problem {
  const named = id === 'default' ? '' : ` (vault id ${id})`;
  return {
    code: 'vault.wrong-password',
    summary: 'the vault password does not open the file',
    detail: `Expected the password of ${where.file ?? 'the file'}${named}, ${tried.length === 0 ? 'found no source with one' : `tried ${tried.join(', ')}`}.`,
    fix: `run again with --ask-vault-pass and the right password; to check the password: ansible-vault view ${where.file ?? 'FILE'}`,
    where,
  };
}
