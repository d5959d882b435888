import type { Become, Command, CommandResult } from '../core/host.ts';
import type { Problem } from '../core/problem.ts';

const AS_ROOT = 'if [ "$(id -u)" = 0 ]; then exec "$@"; else exec sudo -n -- "$@"; fi';

/** A command as it is sent. */
export function withSudo(become: Become, command: Command): Command {
  return become === 'none' ? command : { ...command, argv: ['sh', '-c', AS_ROOT, 'hxllm', ...command.argv] };
}

// What sudo says where it does not run the command; that it cannot resolve the host's own name is only a remark.
const REFUSAL =
  /^(?:sudo: (?!unable to resolve host).*|.*(?:is not in the sudoers file|may not run sudo|sudo: (?:command )?not found).*)$/m;

/** Why a command as root did not run, if that is what happened. */
export function refusedBySudo(host: string, become: Become, ran: CommandResult): Problem | undefined {
  const refusal = become === 'none' || ran.exitCode === 0 ? undefined : REFUSAL.exec(ran.stderr)?.[0];
  return refusal === undefined ? undefined : sudoRefusal(host, refusal.trim());
}

/** What is to be said, and done, where sudo does not make us root; `seen` is what it came to. */
export function sudoRefusal(host: string, seen: string): Problem {
  return {
    code: 'permission.sudo',
    summary: 'sudo asks for a password or refuses',
    detail: `Wanted "sudo -n" to work without a password; seen: ${seen}`,
    fix: `echo "$USER ALL=(ALL) NOPASSWD: ALL" | sudo tee /etc/sudoers.d/hxllm  # on ${host}`,
    where: { host },
  };
}
