import { typedPassword } from '../../config/vault/password.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { Secret } from '../../core/secret.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Asks for a new vault password, twice. `command` is the one that needs it. */
export async function typeNewPassword(
  terminal: Pick<Terminal, 'interactive' | 'askHidden'>,
  command: string,
  signal: AbortSignal,
): Promise<Result<Secret<Buffer>>> {
  if (!terminal.interactive)
    return fail({
      code: 'usage.no-terminal',
      summary: 'a new vault password is needed, and there is no terminal to ask for it',
      detail: 'Expected a password for the vault in a file, found neither a file nor a terminal.',
      fix: `${command} ${command.includes('rekey') ? '--new-vault-password-file' : '--vault-password-file'} FILE`,
    });
  const first = await terminal.askHidden('New vault password: ', signal);
  const password = typedPassword(first ?? '');
  if (password === undefined)
    return fail({
      code: 'vault.password-empty',
      summary: 'no vault password was given',
      detail: 'Expected a password for the vault, found none. Nothing was changed.',
      fix: command,
    });
  const second = await terminal.askHidden('The same again:     ', signal);
  if (second === first) return ok(password);
  return fail({
    code: 'vault.password-differs',
    summary: 'the two passwords differ',
    detail: 'Expected the same password twice, found two different ones. Nothing was changed.',
    fix: command,
  });
}
