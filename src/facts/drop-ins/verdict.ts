import { shellLine } from '../../core/shell.ts';
import { failed, pass, type Verdict } from '../../core/verdict.ts';
import type { DropIn } from './drop-ins.ts';

/** The title of the check of drop-ins. */
export const DROP_INS_TITLE = 'drop-ins leave the gateway able to work';

/** Judges the operator's drop-ins of hxllm's units; `host` is where the command of a failure is typed. */
export function judgeDropIns(dropIns: readonly DropIn[], host: string): Verdict {
  const broken = dropIns.filter(({ breaks }) => breaks.length > 0);
  if (broken.length === 0) return pass(dropIns.length === 0 ? 'there are none' : `kept: ${listDropIns(dropIns)}`);
  return failed(
    'drop-ins with which the gateway works; hxllm keeps them, since they are the operator’s',
    broken
      .map(({ path, breaks }) => `${path}: ${breaks.map(({ setting, why }) => `${setting}: ${why}`).join(', ')}`)
      .join('; '),
    `${broken.map(({ path }) => withdraw(path)).join(' && ')} && sudo systemctl daemon-reload  # on ${host}`,
  );
}

/** Drop-ins with the names of their settings, as one line. */
export function listDropIns(dropIns: readonly DropIn[]): string {
  return dropIns
    .map(({ path, settings }) => (settings.length === 0 ? path : `${path} (${settings.join(', ')})`))
    .join(', ');
}

// A file of a package comes back with its next version, so a link of the same name in /etc hides it.
function withdraw(path: string): string {
  if (/^\/(?:etc|run)\//.test(path)) return shellLine(['sudo', 'mv', path, `${path}.off`]);
  const [folder = '', name = ''] = path.split('/').slice(-2);
  const hiding = `/etc/systemd/system/${folder}`;
  return `${shellLine(['sudo', 'mkdir', '-p', hiding])} && ${shellLine(['sudo', 'ln', '-s', '/dev/null', `${hiding}/${name}`])}`;
}
