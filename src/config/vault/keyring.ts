import { fail, ok, type Problem, type Result, type Where } from '../../core/problem.ts';
import { decryptVault } from './cipher.ts';
import { readEnvelope } from './envelope.ts';
import type { PasswordSource } from './password.ts';

/** What opening gave: the plain text, or that no password was given at all. */
export type OpenedVault = { readonly state: 'open'; readonly text: string } | { readonly state: 'locked' };

/** Opens vaults with whatever passwords there are; a source is read only when something encrypted is met. */
export class Keyring {
  readonly #sources: readonly PasswordSource[];

  constructor(sources: readonly PasswordSource[]) {
    this.#sources = sources;
  }

  /** Tries every source in order: the id in the header is a hint, and a password of another name may fit as well. */
  async open(text: string, where: Where): Promise<Result<OpenedVault>> {
    const envelope = readEnvelope(text);
    if (typeof envelope === 'string')
      return fail({
        code: 'vault.unreadable',
        summary: 'an encrypted text cannot be read',
        detail: `As Ansible Vault: ${envelope}.`,
        fix: `ansible-vault view ${where.file ?? 'FILE'}  # once the file is restored from a copy`,
        where,
      });
    if (this.#sources.length === 0) return ok({ state: 'locked' });
    const tried: string[] = [];
    for (const source of this.#sources) {
      const password = await source.read(envelope.id);
      if (!password.ok) return password;
      if (password.value === undefined) continue;
      const plain = await decryptVault(envelope, password.value);
      if (plain !== undefined) return ok({ state: 'open', text: plain });
      tried.push(source.label);
    }
    return fail(wrongPassword(where, tried, envelope.id));
  }
}

function wrongPassword(where: Where, tried: readonly string[], id: string): Problem {
  const named = id === 'default' ? '' : ` (vault id ${id})`;
  return {
    code: 'vault.wrong-password',
    summary: 'the vault password does not open the file',
    detail: `Wanted the password that ${where.file ?? 'the file'}${named} was encrypted with; ${tried.length === 0 ? 'no source had one for it' : `tried ${tried.join(', ')}`}.`,
    fix: `run again with --ask-vault-pass and the right password; to see whether it is right: ansible-vault view ${where.file ?? 'FILE'}`,
    where,
  };
}
