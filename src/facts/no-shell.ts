import { packageOffline } from '../core/without-internet.ts';
import type { CommandResult, Host } from '../core/host.ts';
import type { Problem } from '../core/problem.ts';

interface Reason {
  readonly text: RegExp;
  readonly summary: string;
  /** A command for the host, by root or another account. */
  readonly fix: (user: string) => string;
}

const REASONS: readonly Reason[] = [
  {
    text: /account has expired/i,
    summary: 'the account has expired',
    fix: (user) => `sudo chage -E -1 ${user}`,
  },
  {
    text: /not available|nologin/i,
    summary: 'the account may not log in',
    fix: (user) => `sudo usermod -s /bin/bash ${user}  # or choose another account: ansible_user=NAME`,
  },
  {
    text: /password.*(?:expired|must change|required to change)|(?:change your|password change) *(?:password|required)?/i,
    summary: 'the account’s password has expired',
    fix: (user) => `sudo chage -d "$(date +%F)" ${user}  # or log in once with ssh and change the password`,
  },
  {
    text: /restricted|rbash/i,
    summary: 'the login shell is restricted',
    fix: (user) => `sudo usermod -s /bin/bash ${user}  # or choose another account: ansible_user=NAME`,
  },
  {
    text: /bash.*not found|not found.*bash|no such file|unknown command/i,
    summary: 'the host has no bash',
    fix: () => `sudo apt-get install -y bash  # on the host; ${packageOffline('bash')}`,
  },
  {
    text: /^$/,
    summary: 'the login shell ended without a word',
    fix: (user) =>
      `sudo grep -nE '^ *(exit|exec|return|logout)' ~${user}/.bashrc ~${user}/.bash_profile ~${user}/.profile /etc/bash.bashrc; getent passwd ${user}  # on the host: move the line behind: [[ $- == *i* ]] || return; with the shell /bin/false: sudo usermod -s /bin/bash ${user}`,
  },
];

/** The Problem of a host that ran something, but not bash: a login shell, `ForceCommand` or a start file came between. */
export function noShell(host: Pick<Host, 'name' | 'user'>, { exitCode, stdout, stderr }: CommandResult): Problem {
  const user = host.user ?? '"$USER"';
  const said = (stderr.trim() === '' ? stdout : stderr).trim().split('\n').slice(0, 3).join(' | ').slice(0, 300);
  const reason = REASONS.find(({ text }) => text.test(exitCode === 127 ? 'bash: not found' : said));
  return {
    code: 'host.no-shell',
    summary: `${host.name}: ${reason?.summary ?? 'another command than bash answered'}`,
    detail: `Expected answers from bash, found exit code ${String(exitCode)} and ${said === '' ? 'no output: a start file such as .bashrc may end the shell, or sshd has a ForceCommand' : `the words: ${said}`}.`,
    fix:
      reason?.fix(user) ??
      `sudo sshd -T -C user=${user} | grep -i forcecommand; sudo grep -n command= ~${user}/.ssh/authorized_keys  # on the host: a ForceCommand or command= runs in the place of bash; exempt ${user}, or choose another account: ansible_user=NAME`,
    where: { host: host.name },
  };
}
