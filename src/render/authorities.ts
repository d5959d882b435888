import type { AuthorityFile } from '../config/config.ts';
import { MARK_LINE } from '../core/mark.ts';
import { printable } from '../core/printable.ts';

/** `ca.pem`: the certificates of `litellm_ca_file` without any other text of it, each below its subject. Node reads it at its start. */
export function authoritiesText({ certificates }: AuthorityFile): string {
  const blocks = certificates.map(({ pem, subject }) => `# ${printable(subject).replaceAll('\n', ' ')}\n${pem}`);
  return `${MARK_LINE}\n${blocks.join('')}`;
}
