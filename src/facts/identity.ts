import { NO_SUDO, type Fact, type Question } from './question.ts';

/** The user of the connection on a host. */
export interface Identity {
  readonly userName: string;
  readonly root: boolean;
}

/** Whether sudo works without a password. */
export type Sudo =
  | { readonly state: 'granted' }
  /** `message` is the last line of sudo's output. */
  | { readonly state: 'refused'; readonly message: string }
  | { readonly state: 'missing'; readonly hasDoas: boolean };

/** The user of the connection. */
export const identityQuestion: Question<Identity> = {
  script: 'id -u && id -un',
  as: 'user',
  parse: ({ stdout }) => parseIdentity(stdout),
};

/** Parses the two lines of {@link identityQuestion}. An id without a name stays a number. */
export function parseIdentity(text: string): Identity {
  const [id = '', name] = text.trim().split('\n');
  if (!/^\d+$/.test(id)) throw new Error('id gave no answer');
  return { userName: name ?? id, root: id === '0' };
}

/** Known if sudo lets the questions for root run. It needs no sudo of its own, which may wait for a directory server each time. */
export const sudoQuestion: Question<true> = { script: 'exit 0', as: 'root', parse: () => true };

/** The state of sudo; `undefined` if the question had no answer for another reason. */
export function sudoOf(fact: Fact<true>): Sudo | undefined {
  if (fact.known) return { state: 'granted' };
  if (fact.refusal === undefined) return undefined;
  if (fact.refusal.startsWith(NO_SUDO)) return { state: 'missing', hasDoas: fact.refusal.includes('doas') };
  return { state: 'refused', message: fact.refusal === '' ? 'sudo gave no answer in time' : fact.refusal };
}
