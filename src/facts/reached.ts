import type { Question } from './question.ts';

/** The address of the host that this machine reached it by, as sshd saw it; `undefined` without SSH. */
export type ReachedAddress = string | undefined;

/** sshd(8): `SSH_CONNECTION` holds the addresses and ports of client and server. */
export const reachedQuestion: Question<ReachedAddress> = {
  script: 'printf %s "$SSH_CONNECTION"',
  as: 'user',
  parse: ({ stdout }) => /^\S+ \d+ (\S+) \d+$/.exec(stdout.trim())?.[1],
};

/** The address of this machine, or of the router that stands for it, as sshd saw it; `undefined` without SSH. */
export const clientQuestion: Question<ReachedAddress> = {
  script: 'printf %s "$SSH_CONNECTION"',
  as: 'user',
  parse: ({ stdout }) => /^(\S+) \d+ \S+ \d+$/.exec(stdout.trim())?.[1],
};
