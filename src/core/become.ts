import type { CommandResult } from './host.ts';
import { quote, shellLine } from './shell.ts';
import type { Secret } from './secret.ts';

/** sudo as the operator's files name it. */
export interface Sudo {
  /** The program, with words before its flags. */
  readonly program: readonly string[];
  /** Flags without `-n` and `-S`: a password decides between them. */
  readonly flags: readonly string[];
  /** `undefined`: sudo must not ask for one. It holds no line end. */
  readonly password: Secret | undefined;
}

/** The files forbid the way to root: `by` names the variable and its place. The login user must be root. */
export interface BecomeForbidden {
  readonly by: string;
}

/**
 * The user of questions and commands that need root. `none` is the login user; every other way is root, and none of them is used if
 * the login user is root.
 */
export type Become = 'none' | Sudo | BecomeForbidden;

/** sudo without settings. */
export const SUDO: Sudo = { program: ['sudo'], flags: [], password: undefined };

/** Whether the way to root is sudo. */
export function isSudo(become: Become): become is Sudo {
  return become !== 'none' && 'program' in become;
}

/** The message where the files forbid the way to root, in the place of sudo's. */
export function forbiddenText({ by }: BecomeForbidden): string {
  return `become is switched off by ${by}`;
}

/** The words of sudo for bash, quoted, without the flags of a call. */
export function sudoWords({ program, flags }: Sudo): string {
  return [...program, ...flags].map(quote).join(' ');
}

/** One call of sudo, for bash: `call` are the flags of this call. */
export function sudoLine(sudo: Sudo, call: readonly string[], argv: readonly string[]): string {
  return `${sudoWords(sudo)} ${[...call, '--'].map(quote).join(' ')} ${shellLine(argv)}`;
}

/** The result of a command whose input began with sudo's password, without it: another program than bash may have echoed its input. */
export function withoutPassword(ran: CommandResult, become: Become): CommandResult {
  if (!isSudo(become) || become.password === undefined) return ran;
  const password = become.password.reveal();
  const strip = (text: string): string => text.replaceAll(password, '[redacted]');
  return { ...ran, stdout: strip(ran.stdout), stderr: strip(ran.stderr) };
}
