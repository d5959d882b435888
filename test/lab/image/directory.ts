import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentId } from '../../../src/core/hash.ts';
import type { Recipe } from './cache.ts';
import { packagesLayer } from './packages-layer.ts';

/** The programs of a member of the domain, and of the domain controller. One layer, so that they share their libraries. */
const PACKAGES =
  'realmd sssd-ad sssd-tools sssd-dbus adcli krb5-user libnss-sss libpam-sss policykit-1 samba samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind ca-certificates'.split(
    ' ',
  );

const SETUP = join(import.meta.dirname, 'directory.sh');

/**
 * A layer on Debian with a domain controller that is provisioned and the programs of a member. It is built from the machine's own mirror,
 * in about a minute.
 */
export function directoryRecipe(debian: string, signal: AbortSignal): Recipe {
  const setup = readFileSync(SETUP, 'utf8');
  return {
    kind: 'directory',
    key: contentId(debian, PACKAGES.join(','), setup),
    build: (folder) => packagesLayer(folder, { debian, packages: PACKAGES, setup, signal }),
  };
}
