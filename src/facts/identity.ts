import type { Question } from './question.ts';

/** Who we are on a host, and whether that user may become root. */
export interface Identity {
  readonly userName: string;
  readonly root: boolean;
}

/** Whether sudo lets us become root without asking. */
export type Sudo =
  | { readonly state: 'granted' }
  /** `message` is what sudo said. */
  | { readonly state: 'refused'; readonly message: string }
  | { readonly state: 'missing' };

/** As whom we are connected. */
export const identityQuestion: Question<Identity> = {
  script: 'id -u && id -un',
  as: 'user',
  parse: ({ stdout }) => parseIdentity(stdout),
};

/** Reads the two lines of {@link identityQuestion}; an id without a name stays a number. */
export function parseIdentity(text: string): Identity {
  const [id = '', name] = text.trim().split('\n');
  if (!/^\d+$/.test(id)) throw new Error('id gave no answer');
  return { userName: name ?? id, root: id === '0' };
}

/** Tries sudo as everything else uses it: without a prompt. It may wait for a directory server, so it gets time. */
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
