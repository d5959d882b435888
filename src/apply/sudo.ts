import type { Problem } from '../core/problem.ts';
import { sudoAdvice } from '../core/sudo-advice.ts';

/** The Problem of a user who cannot become root with sudo. `found` is sudo's message, `version` the first line of `sudo -V`. */
export function sudoRefusal(host: string, found: string, version = ''): Problem {
  const { summary, fix, here, takesPassword } = sudoAdvice(found, '$USER');
  const isRust = version.includes('sudo-rs');
  return {
    code: 'permission.sudo',
    summary: isRust ? `${summary} (sudo-rs)` : summary,
    detail: `Expected sudo to make the login user root, found: ${found}${isRust ? ` (${version})` : ''}`,
    // In double quotes, so that the shell there puts in the user's name.
    fix: here
      ? fix
      : `${fix.includes('$USER') ? fix.replaceAll(/'([^']*\$USER[^']*)'/g, '"$1"') : fix}  # on ${host}, in a terminal${takesPassword ? '; or give hxllm the password: --ask-become-pass' : ''}`,
    where: { host },
  };
}
