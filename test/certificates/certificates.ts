import { readFileSync } from 'node:fs';
import { readPem } from '../../src/core/certificate.ts';
import type { AuthorityFile } from '../../src/config/trust-settings.ts';

/** The text of a file of this folder; `make.sh` made them all. */
export function certificateText(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** The variable litellm_ca_file with these files of this folder, as it is read. */
export function authorityFile(...names: readonly string[]): AuthorityFile {
  const { certificates } = readPem(names.map(certificateText).join(''));
  return { file: 'files/ca.pem', path: '/w/files/ca.pem', certificates };
}
