import { fail, ok, type Failure, type Problem, type Result, type Where } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import { readUtf8 } from '../utf8.ts';
import { decryptVault } from './cipher.ts';
import { readEnvelope } from './envelope.ts';
import type { PasswordSource } from './password.ts';

/** The result of opening: the plain text, or `locked` if no password was given. */
export type OpenedVault = { readonly state: 'open'; readonly text: string } | { readonly state: 'locked' };

/** A text with what opened it, to encrypt it again in the same way. */
export interface UnlockedVault {
  readonly state: 'open';
  readonly bytes: Buffer;
  readonly password: Secret<Buffer>;
  /** The vault id in the header; `default` without one. */
  readonly id: string;
}

/** A password to encrypt with, and the id for the header. */
export interface Sealing {
  readonly password: Secret<Buffer>;
  readonly id: string;
}

/** Opens vaults with the given passwords. A source is read only when a vault must be opened. */
export class Keyring {
  readonly #sources: readonly PasswordSource[];

  constructor(sources: readonly PasswordSource[]) {
    this.#sources = sources;
  }

  /**
   * The password to encrypt something new with: that of `id`, else the only one. With several, Ansible asks for the id too. `undefined`: there
   * is no source.
   */
  async sealing(id: string | undefined): Promise<Result<Sealing | undefined>> {
    const ids = [...new Set(this.#sources.map((source) => source.id ?? 'default'))];
    const named = id ?? (ids.length === 1 ? ids[0] : undefined);
    const source = this.#sources.find((one) => (one.id ?? 'default') === named);
    if (this.#sources.length === 0) return ok(undefined);
    if (source === undefined || named === undefined)
      return fail({
        code: 'vault.which-password',
        summary: 'it is open which password encrypts',
        detail: `Expected the id of one of the passwords ${ids.join(', ')}, found ${id ?? 'none'}.`,
        fix: `run again with --encrypt-vault-id ${ids[0] ?? 'ID'}`,
      });
    const read = await source.read(named);
    if (!read.ok) return read;
    if (read.value !== undefined) return ok({ password: read.value, id: named });
    throw new Error(`a source of the vault password ${named} knows no password of its own id`);
  }

  /** Tries every source. The id in the header is a hint: sources with it come first, but a password with another id may fit as well. */
  async open(text: string, where: Where): Promise<Result<OpenedVault>> {
    const unlocked = await this.unlock(text, where);
    if (!unlocked.ok) return unlocked;
    return unlocked.value.state === 'open' ? asText(unlocked.value.bytes, where) : ok(unlocked.value);
  }

  /** The same with the password that fits. */
  async unlock(text: string, where: Where): Promise<Result<UnlockedVault | { readonly state: 'locked' }>> {
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
    const hasId = (source: PasswordSource): boolean => (source.id ?? 'default') === envelope.id;
    const inOrder = [...this.#sources.filter(hasId), ...this.#sources.filter((source) => !hasId(source))];
    for (const source of inOrder) {
      const password = await source.read(envelope.id);
      // Of the sources for several stages, a machine may have only its own: Ansible, too, goes on to the next.
      if (!password.ok) unreadable ??= password;
      if (!password.ok || password.value === undefined) continue;
      const plain = await decryptVault(envelope, password.value);
      if (plain !== undefined) return ok({ state: 'open', bytes: plain, password: password.value, id: envelope.id });
      tried.push(source.label);
    }
    return tried.length === 0 && unreadable !== undefined ? unreadable : fail(wrongPassword(where, tried, envelope.id));
  }
}

function asText(plain: Buffer, where: Where): Result<{ readonly state: 'open'; readonly text: string }> {
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
