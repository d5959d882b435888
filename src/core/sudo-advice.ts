/** The meaning of a message with which sudo refuses. */
export interface SudoAdvice {
  readonly summary: string;
  /** A command for the host; sudo may ask for the password this once. */
  readonly fix: string;
}

interface Cause {
  readonly text: RegExp;
  readonly summary: string;
  readonly fix: (user: string) => string;
}

const sudoers = (line: string): string =>
  `echo ${line} | sudo install -m 440 /dev/stdin /etc/sudoers.d/hxllm && sudo visudo -c`;
const grant = (user: string): string => sudoers(`'${user} ALL=(ALL) NOPASSWD: ALL'`);

// The messages of sudo and of sudo-rs.
const CAUSES: readonly Cause[] = [
  {
    text: /not in the sudoers|may not run|not allowed to|I.m afraid I can.t/i,
    summary: 'the login user may not use sudo',
    fix: (user) => `su -c "${grant(user).replaceAll(/(?<!\w)sudo /g, '')}"`,
  },
  {
    text: /must have a tty|requiretty/i,
    summary: 'sudo runs only in a terminal (requiretty)',
    fix: (user) => sudoers(`'Defaults:${user} !requiretty'`),
  },
  {
    text: /password is required|read the password|authentication is required|incorrect (?:password|authentication)/i,
    summary: 'sudo asks for a password',
    fix: grant,
  },
  {
    text: /account.*(?:expired|validation)|password.*expired|PAM account management/i,
    summary: 'the account may not use sudo: it has expired, or PAM refuses it',
    fix: (user) => `su -c 'chage -l ${user}'`,
  },
  {
    text: /setuid|owned by uid 0|no new privileges|effective uid/i,
    summary: 'sudo cannot become root on the host',
    fix: () => 'ls -l "$(command -v sudo)"; grep NoNewPrivs /proc/self/status',
  },
  {
    text: /sudoers|syntax|configuration|parse error/i,
    summary: 'sudo cannot read its configuration',
    fix: () => "su -c 'visudo -c'",
  },
];

/** The meaning of sudo's message for a user. A message that is not known gets the advice for a password. */
export function sudoAdvice(message: string, user: string): SudoAdvice {
  const cause = CAUSES.find(({ text }) => text.test(message));
  return { summary: cause?.summary ?? 'sudo refuses', fix: (cause?.fix ?? grant)(user) };
}
