import type { Problem } from '../core/problem.ts';

interface Cause {
  readonly text: RegExp;
  readonly summary: string;
  readonly fix: string;
}

// The messages of sudo and of sudo-rs. Their other words are shown as they are.
const CAUSES: readonly Cause[] = [
  {
    text: /must have a tty|requiretty|a terminal is required to (?:run|use)/i,
    summary: 'sudo runs only in a terminal (requiretty)',
    fix: `echo "Defaults:$USER !requiretty" | sudo tee /etc/sudoers.d/hxllm-tty && sudo visudo -c`,
  },
  {
    text: /password is required|read the password|authentication is required|incorrect (?:password|authentication)/i,
    summary: 'sudo asks for a password',
    fix: `echo "$USER ALL=(ALL) NOPASSWD: ALL" | sudo tee /etc/sudoers.d/hxllm && sudo visudo -c`,
  },
  {
    text: /account.*(?:expired|validation)|password.*expired|PAM account management/i,
    summary: 'the account may not use sudo: it has expired, or PAM refuses it',
    fix: 'sudo chage -l "$USER"',
  },
  {
    text: /setuid|owned by uid 0|no new privileges|effective uid/i,
    summary: 'sudo cannot become root on the host',
    fix: 'ls -l "$(command -v sudo)"; grep NoNewPrivs /proc/self/status',
  },
  {
    text: /sudoers|syntax|configuration|parse error/i,
    summary: 'sudo refuses',
    fix: 'sudo visudo -c',
  },
];

const REFUSED: Omit<Cause, 'text'> = {
  summary: 'sudo asks for a password or refuses',
  fix: `echo "$USER ALL=(ALL) NOPASSWD: ALL" | sudo tee /etc/sudoers.d/hxllm && sudo visudo -c`,
};

/** The Problem of a user who cannot become root with sudo. `found` is sudo's message, `version` the first line of `sudo -V`. */
export function sudoRefusal(host: string, found: string, version = ''): Problem {
  const notInSudoers = /not in the sudoers|may not run|not allowed to|I.m afraid I can.t/i.test(found);
  const { summary, fix } = (notInSudoers ? undefined : CAUSES.find(({ text }) => text.test(found))) ?? REFUSED;
  const isRust = /sudo-rs/.test(version);
  return {
    code: 'permission.sudo',
    summary: isRust ? `${summary} (sudo-rs)` : summary,
    detail: `Expected "sudo -n" to work without a password, found: ${found}${isRust ? ` (${version})` : ''}`,
    fix: `${fix}  # on ${host}, as the login user with a terminal, or as root with its name for $USER`,
    where: { host },
  };
}
