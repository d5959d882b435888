import type { ParsedKey } from 'ssh2';
import { unlockPrivateKey } from './private-key.ts';

/** Asks for a line that is not echoed; undefined without an answer. */
export type AskHidden = (question: string, signal: AbortSignal) => Promise<string | undefined>;

/** As OpenSSH's NumberOfPasswordPrompts. */
const TRIES = 3;

/** SSH's questions to the operator, one at a time. A key file is asked for once, for all hosts and connections. */
export class SshPrompts {
  readonly #askHidden: AskHidden;
  readonly #unlocked = new Map<string, Promise<ParsedKey | undefined>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(askHidden: AskHidden) {
    this.#askHidden = askHidden;
  }

  /** Asks after all earlier questions are answered. */
  ask(question: string, signal: AbortSignal): Promise<string | undefined> {
    const answer = this.#last.then(() => (signal.aborted ? undefined : this.#askHidden(question, signal)));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** The key of an encrypted file, after at most three passphrases. `undefined`: none was typed, or all were wrong. */
  unlock(file: string, signal: AbortSignal): Promise<ParsedKey | undefined> {
    const known = this.#unlocked.get(file);
    if (known !== undefined) return known;
    const asked = this.#tryPassphrases(file, signal);
    this.#unlocked.set(file, asked);
    return asked;
  }

  async #tryPassphrases(file: string, signal: AbortSignal): Promise<ParsedKey | undefined> {
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const wrong = attempt === 1 ? '' : 'Wrong passphrase. ';
      const typed = await this.ask(`${wrong}Passphrase of ${file}: `, signal);
      if (typed === undefined || typed === '') return undefined;
      const key = await unlockPrivateKey(file, typed);
      if (key !== undefined) return key;
    }
    return undefined;
  }
}
