import type { Question } from './question.ts';

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
  | { readonly state: 'missing' };

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

/** Tries `sudo -n`, as all other commands use it. sudo may wait for a directory server, so the timeout is long. */
export const sudoQuestion: Question<Sudo> = {
  script: 'command -v sudo >/dev/null || exit 127; sudo -n true 2>&1',
  as: 'user',
  timeoutS: 20,
  parse: ({ stdout, exitCode }) => {
    if (exitCode === 127) return { state: 'missing' };
    return exitCode === 0
      ? { state: 'granted' }
      : { state: 'refused', message: stdout.trim().split('\n').at(-1) ?? '' };
  },
};
