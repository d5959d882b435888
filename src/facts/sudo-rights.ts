import type { Question } from './question.ts';

/** One line of sudo's list for a user. */
export interface SudoRule {
  /** `ALL : ALL`, `root`: the users, and after a colon the groups, that the commands may run as. */
  readonly runAs: string;
  /** `NOPASSWD`, `NOEXEC` … */
  readonly tags: readonly string[];
  /** `ALL`, or commands with their arguments; `!` forbids one. */
  readonly commands: readonly string[];
}

/** The rights of the login user by sudo; `undefined` if sudo refused to list them. */
export type SudoRights = readonly SudoRule[] | undefined;

const TIMEOUT_S = 15;

// sudo(8): root lists the rights of another user without a password, and SUDO_USER is the user that sudo was called by. sudo may wait for
// a directory server.
const AS_ROOT = `[ -n "$SUDO_USER" ] || exit 0
timeout -k 1 ${String(TIMEOUT_S - 2)} sudo -n -l -U "$SUDO_USER" </dev/null`;

/** The rights of the user that became root by sudo. */
export const sudoRightsQuestion: Question<SudoRights> = {
  script: AS_ROOT,
  as: 'root',
  timeoutS: TIMEOUT_S,
  parse: ({ stdout }) => parseSudoRights(stdout),
};

/** The rights that sudo lists for the user without a password. It lists them even where it lets the user not become root. */
export const ownSudoRightsQuestion: Question<SudoRights> = {
  script: `command -v sudo >/dev/null || exit 0; timeout -k 1 ${String(TIMEOUT_S - 2)} sudo -n -l </dev/null; exit 0`,
  as: 'user',
  timeoutS: TIMEOUT_S,
  parse: ({ stdout }) => parseSudoRights(stdout),
};

/**
 * Parses `sudo -l`: below the line `User … may run the following commands on …:` each rule has blanks before it, the users in
 * parentheses, then tags and commands. A long rule goes on in the next line, which has more blanks.
 */
export function parseSudoRights(stdout: string): SudoRights {
  const [, list] =
    /^User \S+ (?:may run the following commands|is not allowed to run sudo) on [^\n]*\n?([\s\S]*)$/m.exec(stdout) ?? [
      undefined,
      undefined,
    ];
  if (list === undefined) return undefined;
  const rules: SudoRule[] = [];
  for (const line of list.replaceAll(/\n {5,}/g, ' ').split('\n')) {
    const [, runAs, rest] = /^\s+\(([^)]*)\)\s+(.+)$/.exec(line) ?? [];
    if (runAs === undefined || rest === undefined) continue;
    const tags = [...rest.matchAll(/\b([A-Z_]{4,}):/g)].map(([, tag = '']) => tag);
    const commands = rest
      .replaceAll(/\b[A-Z_]{4,}: ?/g, '')
      .split(/(?<!\\), /)
      .map((command) => command.trim().replaceAll(/\\([,:=\\])/g, '$1'));
    rules.push({ runAs: runAs.trim(), tags, commands });
  }
  return rules;
}

/** Whether a rule is for commands as root. */
export function isAsRoot({ runAs }: SudoRule): boolean {
  return (
    runAs
      .split(':')[0]
      ?.split(',')
      .some((user) => ['ALL', 'root', '#0'].includes(user.trim())) ?? false
  );
}

/** Whether the rules let the user run bash as root: sudo takes the last rule that names a command. */
export function mayRunBash(rules: readonly SudoRule[]): boolean {
  let allowed = false;
  for (const rule of rules.filter(isAsRoot))
    for (const command of rule.commands) {
      const path = command.replace(/^!\s*/, '').split(' ')[0] ?? '';
      if (path === 'ALL' || /^(?:\/usr)?\/bin\/(?:bash|\*)?$/.test(path)) allowed = !command.startsWith('!');
    }
  return allowed;
}
