import type { Become, Command, CommandResult } from '../core/host.ts';
import type { Problem } from '../core/problem.ts';

const AS_ROOT = 'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n -- "$@"; fi';

/** A command as it is sent: as root through `sudo -n`, or unchanged. */
export function withSudo(become: Become, command: Command): Command {
  return become === 'none' ? command : { ...command, argv: ['sh', '-c', AS_ROOT, 'hxllm', ...command.argv] };
}

// Messages with which sudo refuses to run a command. "unable to resolve host" is only a remark.
const REFUSAL =
  /^(?:sudo: (?!unable to resolve host).*|.*(?:is not in the sudoers file|may not run sudo|sudo: (?:command )?not found).*)$/m;

/** The Problem of a command that sudo refused to run; `undefined` if it ran. */
export function refusedBySudo(host: string, become: Become, ran: CommandResult): Problem | undefined {
  const refusal = become === 'none' || ran.exitCode === 0 ? undefined : REFUSAL.exec(ran.stderr)?.[0];
  return refusal === undefined ? undefined : sudoRefusal(host, refusal.trim());
}

/** The Problem of a user who cannot become root with sudo; `found` is the message of sudo. */
export function sudoRefusal(host: string, found: string): Problem {
  return {
    code: 'permission.sudo',
    summary: 'sudo asks for a password or refuses',
    detail: `Expected "sudo -n" to work without a password, found: ${found}`,
    fix: `echo "$USER ALL=(ALL) NOPASSWD: ALL" | sudo tee /etc/sudoers.d/hxllm  # on ${host}`,
    where: { host },
  };
}
