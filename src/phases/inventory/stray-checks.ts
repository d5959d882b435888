import type { Check } from '../../core/check.ts';
import { shellLine } from '../../core/shell.ts';
import { failed, notApplicable, pass } from '../../core/verdict.ts';
import type { InventorySubject, ShownStray } from './subject.ts';

/** The checks of secrets in plain text and of secrets in files that nothing reads. */
export const STRAY_CHECKS: readonly Check<InventorySubject>[] = [
  {
    id: 'inventory.encrypted',
    title: 'the files that the inventory reads hold no secret in plain text',
    severity: 'warning',
    judge: ({ strays, begun }) => {
      if (begun) return notApplicable('there is no inventory yet');
      const read = strays.filter(({ isRead }) => isRead);
      return read.length === 0
        ? pass('none found by the names of variables and files')
        : failed(
            'secrets in encrypted files',
            read.map(inWords).join('; '),
            `${shellLine(['hxllm', 'vault', 'encrypt', ...read.map(({ file }) => file)])}  # in place; Ansible reads them as before`,
          );
    },
  },
  {
    id: 'inventory.strays',
    title: 'no secret lies in a file that nothing reads',
    severity: 'warning',
    judge: ({ strays, begun }) => {
      if (begun) return notApplicable('there is no inventory yet');
      const unread = strays.filter(({ isRead }) => !isRead);
      return unread.length === 0
        ? pass('none in the inventory’s folder, its group_vars and its host_vars')
        : failed(
            'no encrypted file, vault or secret that no inventory of the folder reads',
            unread.map(inWords).join('; '),
            'hxllm inventory --quarantine  # moves them to .quarantine beside the inventory; --restore FILE puts one back',
          );
    },
  },
];

/** A stray in words: its file, and the names and lines of its secrets. */
function inWords({ file, kind, secrets }: ShownStray): string {
  if (kind === 'encrypted') return `${file} is encrypted`;
  const names = secrets
    .map(({ name, line }) => (line === undefined ? name : `${name} in line ${String(line)}`))
    .join(', ');
  if (kind === 'vault-name')
    return `${file} has the name of a vault and is plain text${names === '' ? '' : ` (${names})`}`;
  return `${file} has ${names}`;
}
