import type { ParsedKey } from 'ssh2';
import { unlockPrivateKey } from './private-key.ts';

/** Asks for a line that is not echoed; undefined without an answer. */
export type AskHidden = (question: string, signal: AbortSignal) => Promise<string | undefined>;

/** As OpenSSH's NumberOfPasswordPrompts. */
const TRIES = 3;

interface Passphrase {
  readonly typed: Promise<string | undefined>;
  readonly asked: number;
}

/** SSH's questions to the operator, one at a time. A key file is asked for once, for all hosts and connections. */
export class SshPrompts {
  readonly #askHidden: AskHidden;
  readonly #unlocked = new Map<string, Promise<ParsedKey | undefined>>();
  readonly #passphrases = new Map<string, Passphrase>();
  /** Shows a message that needs no answer. */
  readonly tell: (message: string) => void;
  #last: Promise<unknown> = Promise.resolve();

  constructor(askHidden: AskHidden, tell: (message: string) => void = () => {}) {
    this.#askHidden = askHidden;
    this.tell = tell;
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

  /**
   * The passphrase of a file, for a program that unlocks the key itself. `wrong` is an answer of before that did not. `undefined`: none was
   * typed, or three were wrong.
   */
  async passphrase(file: string, wrong: string | undefined, signal: AbortSignal): Promise<string | undefined> {
    const known = this.#passphrases.get(file);
    const current = await known?.typed;
    // Another connection may have asked again by now, so the entry is read once more.
    const latest = this.#passphrases.get(file);
    if (latest !== known) return this.passphrase(file, wrong, signal);
    if (known !== undefined && (current === undefined || current !== wrong)) return current;
    const asked = known?.asked ?? 0;
    if (asked === TRIES) {
      this.#passphrases.set(file, { typed: Promise.resolve(undefined), asked });
      return undefined;
    }
    const answer = this.ask(`${asked === 0 ? '' : 'Wrong passphrase. '}Passphrase of ${file}: `, signal);
    const typed = answer.then((text) => {
      // A connection that ended meanwhile takes its question along; others ask their own.
      if (signal.aborted) this.#passphrases.delete(file);
      return text === '' ? undefined : text;
    });
    this.#passphrases.set(file, { typed, asked: asked + 1 });
    return typed;
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
