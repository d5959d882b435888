/** The meaning of a message with which sudo refuses. */
export interface SudoAdvice {
  readonly summary: string;
  /** A command for the host; sudo may ask for the password this once. `here`: a command or a change on the operator's machine. */
  readonly fix: string;
  readonly here: boolean;
  /** sudo lets the user become root with a password. */
  readonly takesPassword: boolean;
}

interface Cause {
  readonly text: RegExp;
  readonly summary: string;
  readonly fix: (user: string) => string;
  readonly here?: true;
  readonly takesPassword?: true;
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
    text: /become is switched off/,
    summary: 'the login user is not root, and become is switched off',
    fix: () => 'remove ansible_become from the inventory, or log in as root: ansible_user=root',
    here: true,
  },
  {
    text: /incorrect (?:password|authentication)|no password was provided|try again/i,
    summary: 'sudo does not accept the password',
    fix: () =>
      'run again with --ask-become-pass, and type the password that sudo on the host takes from the login user',
    here: true,
  },
  {
    text: /password is required|read the password|authentication is required/i,
    summary: 'sudo asks for a password',
    fix: grant,
    takesPassword: true,
  },
  {
    text: /account.*(?:expired|validation)|password.*expired|PAM account management/i,
    summary: 'the account may not use sudo: it has expired, or PAM refuses it',
    fix: (user) => `su -c 'chage -l ${user}'`,
  },
  {
    text: /no answer in time/,
    summary: 'sudo does not answer in time',
    fix: () => 'time sudo -n true  # it may wait for a directory server, a name server or a busy host',
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
  const { summary = 'sudo refuses', fix = grant, here = false, takesPassword = false } = cause ?? {};
  return { summary, fix: fix(user), here, takesPassword };
}
