import type { Secret } from '../../core/secret.ts';
import { asksForPassword, withoutControls } from '../ssh/keyboard-interactive.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { AnswerQuestion, SshQuestion } from './askpass.ts';

/** The answers that one ssh process was given. */
interface Given {
  readonly passphrases: Map<string, string[]>;
  password: boolean;
  interactive: boolean;
}

/** readpass.c, sshconnect2.c: the questions of ssh, by their words. */
const PASSPHRASE = /^Enter passphrase for (?:key )?'?(.*?)'?: ?$/s;
const HOST_KEY = /continue connecting|Please type 'yes'|Accept updated hostkeys/;
const ADDRESSED = /^\(?([^\s()]+@[^\s()']+)(?:\)|'s password: ?$)/;

/** As ssh counts them (NumberOfPasswordPrompts). */
const PASSPHRASE_TRIES = 3;

/** ssh cuts the path of a key in its question. */
const SHOWN_PATH_MAX = 100;

/**
 * Answers the questions of ssh as the other transport does: the password of the inventory once, and only where the host itself asks for
 * it; a passphrase once for the run; everything else by the operator.
 */
export class Questions {
  readonly #settings: SshSettings;
  readonly #password: Secret | undefined;
  readonly #said: () => Promise<string>;
  readonly #given = new Map<number, Given>();
  /** Key files without a passphrase, or after the last try. */
  readonly locked = new Set<string>();

  /** `said`: the words of the server that ssh has logged for the question and does not put into it. */
  constructor(settings: SshSettings, password: Secret | undefined, said: () => Promise<string>) {
    [this.#settings, this.#password, this.#said] = [settings, password, said];
  }

  readonly answer: AnswerQuestion = async (question, signal) => {
    const { text, notice } = question;
    const { prompts } = this.#settings;
    if (notice) {
      prompts?.tell(withoutControls(text));
      await ended(signal);
      return undefined;
    }
    const given = this.#givenTo(question.pid);
    const [, file] = PASSPHRASE.exec(text) ?? [];
    if (file !== undefined) return this.#passphrase(this.#wholePath(file), given, signal);
    // A host key is never accepted in passing.
    if (HOST_KEY.test(text)) return 'no';
    const password = this.#ownPassword(question, given);
    if (password !== undefined) return password.reveal();
    const said = question.hop === 0 ? await this.#said() : '';
    return prompts?.ask(withoutControls(said === '' ? text : `${said}\n${text}`), signal);
  };

  #givenTo(pid: number): Given {
    const known = this.#given.get(pid) ?? { passphrases: new Map(), password: false, interactive: false };
    this.#given.set(pid, known);
    return known;
  }

  async #passphrase(file: string, { passphrases }: Given, signal: AbortSignal): Promise<string | undefined> {
    const before = passphrases.get(file) ?? [];
    // ssh asks again for the same file if the answer did not unlock it.
    const typed = await this.#settings.prompts?.passphrase(file, before.at(-1), signal);
    if (typed !== undefined) passphrases.set(file, [...before, typed]);
    if (typed === undefined || before.length + 1 === PASSPHRASE_TRIES) this.locked.add(file);
    return typed;
  }

  #wholePath(shown: string): string {
    const { namedKeys, usualKeys } = this.#settings;
    if (shown.length < SHOWN_PATH_MAX) return shown;
    return [...namedKeys, ...usualKeys].find((file) => file.startsWith(shown)) ?? shown;
  }

  /** The password of the inventory, if the host itself asks this process for it for the first time. */
  #ownPassword({ hop, text }: SshQuestion, given: Given): Secret | undefined {
    if (this.#password === undefined || hop !== 0 || !this.#isAddressed(text)) return undefined;
    if (/'s password: ?$/.test(text)) {
      if (given.password) return undefined;
      given.password = true;
      return this.#password;
    }
    const asked = text.replace(/^\([^\s()]+\) /, '');
    if (given.interactive || !asksForPassword(asked, this.#settings.prompts === undefined)) return undefined;
    given.interactive = true;
    return this.#password;
  }

  /** Whether the host asks, and not another ssh on the way that a ProxyCommand has started. */
  #isAddressed(text: string): boolean {
    const { user, hostName, hostKeyAlias, proxyCommand } = this.#settings;
    const [, asker] = ADDRESSED.exec(text) ?? [];
    // Before OpenSSH 8.5 a server's question comes without its address.
    if (asker === undefined) return proxyCommand === undefined;
    return [hostName, hostKeyAlias].some(
      (host) => host !== undefined && asker.toLowerCase() === `${user}@${host}`.toLowerCase(),
    );
  }
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
