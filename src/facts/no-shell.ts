import { packageOffline } from '../core/without-internet.ts';
import type { CommandResult } from '../core/host.ts';
import type { Problem } from '../core/problem.ts';

const REASONS: readonly (readonly [text: RegExp, summary: string, fix: string])[] = [
  [
    /not available|nologin/i,
    'the account may not log in',
    'sudo usermod -s /bin/bash USER  # on the host; or choose another account: ansible_user=NAME',
  ],
  [
    /password.*(?:expired|must change|required to change)|change your password/i,
    'the account’s password has expired',
    'sudo chage -M -1 USER  # on the host; or log in once with ssh and change the password',
  ],
  [
    /bash.*not found|not found.*bash|no such file|unknown command/i,
    'the host has no bash',
    `sudo apt-get install -y bash  # on the host; ${packageOffline('bash')}`,
  ],
];

/** The Problem of a host that ran something, but not bash: a login shell, `ForceCommand` or a start file came between. */
export function noShell(host: string, { exitCode, stdout, stderr }: CommandResult): Problem {
  const said = (stderr.trim() === '' ? stdout : stderr).trim().split('\n').slice(0, 3).join(' | ').slice(0, 300);
  const [, summary, fix] = REASONS.find(([text]) => text.test(exitCode === 127 ? 'bash: not found' : said)) ?? [
    undefined,
    'another command than bash answered',
    'ssh HOST true  # on the host, look for ForceCommand in sshd_config, command= in authorized_keys, and exit in .bashrc',
  ];
  return {
    code: 'host.no-shell',
    summary: `${host}: ${summary}`,
    detail: `Expected answers from bash, found exit code ${String(exitCode)} and ${said === '' ? 'no output: a start file such as .bashrc may end the shell, or sshd has a ForceCommand' : `the words: ${said}`}.`,
    fix,
    where: { host },
  };
}
