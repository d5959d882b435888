import { Secret } from '../core/secret.ts';
import type { Question } from './question.ts';

/**
 * A random number that this machine alone has: the machine id, or that of its start where it has none (a container without systemd). machine-id(5)
 * asks to treat it as confidential, so it is only a key of hashes and never leaves the memory of a run.
 */
export const hostIdentityQuestion: Question<Secret> = {
  script: `{ head -c 100 /etc/machine-id 2>/dev/null | grep -xE '[0-9a-f]{32}'; } || cat /proc/sys/kernel/random/boot_id`,
  as: 'user',
  parse: ({ stdout }) => {
    const text = stdout.trim();
    if (!/^[0-9a-f-]{32,36}$/.test(text)) throw new Error('the host has neither a machine id nor a boot id');
    return new Secret(text);
  },
};
