import { mkdir, rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentId } from '../../../src/core/hash.ts';
import { contained, removeCgroups } from '../cgroup.ts';
import { must } from '../command.ts';
import { PARTIAL } from '../place.ts';
import type { Recipe } from './cache.ts';

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
    build: async (folder) => {
      const [work, root] = [`${folder}-work${PARTIAL}`, `${folder}-root${PARTIAL}`];
      for (const each of [work, root]) await mkdir(each, { recursive: true });
      const script = `set -e
mount -t overlay hxlab-directory -o lowerdir=${debian},upperdir=${folder},workdir=${work} ${root}
mount -t proc proc ${root}/proc
mount --bind /dev ${root}/dev
cp /etc/resolv.conf ${root}/etc/resolv.conf
for conf in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do [ ! -f "$conf" ] || cp "$conf" ${root}/etc/apt/apt.conf.d/; done
exec chroot ${root} /bin/bash -s -- ${PACKAGES.join(' ')}`;
      // A mount namespace of its own: the mounts end with it, even if it is killed.
      await must(
        contained('build', ['unshare', '--mount', '--uts', '--propagation', 'private', 'bash', '-c', script]),
        { stdin: setup, signal },
      );
      for (const each of [work, root]) await rm(each, { recursive: true, force: true });
      await removeCgroups('build');
    },
  };
}
