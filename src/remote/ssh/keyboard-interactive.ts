import type { KeyboardInteractiveAuthMethod } from 'ssh2';
import type { Secret } from '../../core/secret.ts';
import type { SshPrompts } from './prompts.ts';

/** A question for a password in the languages of PAM. */
const PASSWORD =
  /pass ?word|passwort|kennwort|mot de passe|contraseña|senha|wachtwoord|lösenord|hasło|heslo|парол|密码|パスワード/i;

/** A question for another secret than the account's password, or for a new password. */
const OTHER = /one.?time|otp|token|verification|code|new |neues|retype|again|wiederholen/i;

/**
 * Answers the questions of a server (RFC 4256): the one that asks for the password with the password that the inventory has, once; all
 * others are put to the operator with the server's words. Without a terminal a single hidden question gets the password, too, and others
 * an empty answer.
 */
export function keyboardInteractive(
  username: string,
  host: string,
  password: Secret | undefined,
  prompts: SshPrompts | undefined,
  signal: AbortSignal,
): KeyboardInteractiveAuthMethod {
  let isGiven = false;
  return {
    type: 'keyboard-interactive',
    username,
    prompt: (name, instructions, _language, questions, finish) => {
      const asksPassword = questions.filter(
        ({ prompt, echo }) => echo !== true && PASSWORD.test(prompt) && !OTHER.test(prompt),
      );
      const isPassword = (question: (typeof questions)[number]): boolean =>
        !isGiven &&
        (asksPassword.length > 0
          ? question === asksPassword[0]
          : prompts === undefined && questions.length === 1 && question.echo !== true && !OTHER.test(question.prompt));
      const answerAll = async (): Promise<string[]> => {
        const answers: string[] = [];
        const words = [name, instructions].map((text) => text.trim()).filter((text) => text !== '');
        for (const question of questions) {
          if (password !== undefined && isPassword(question)) {
            // The password leaves this process only for the server, after its host key was verified.
            answers.push(password.reveal());
            isGiven = true;
            continue;
          }
          const shown = [...words.splice(0), `(${username}@${host}) ${question.prompt}`]
            .map(withoutControls)
            .join('\n');
          answers.push((await prompts?.ask(shown, signal)) ?? '');
        }
        return answers;
      };
      void answerAll().then(finish);
    },
  };
}

/**
 * Whether a hidden question asks for the account's password. `alone`: without an operator a question
 * without a word of another secret counts, too.
 */
export function asksForPassword(question: string, alone: boolean): boolean {
  return !OTHER.test(question) && (PASSWORD.test(question) || (alone && !/user ?name|login|benutzer/i.test(question)));
}

/** A server's text that cannot move the cursor of the terminal. */
export function withoutControls(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, '');
}
