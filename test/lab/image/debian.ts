import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contentId } from '../../../src/core/hash.ts';
import { contained, removeCgroups } from '../cgroup.ts';
import { must } from '../command.ts';
import type { Mirror } from '../packages.ts';
import type { Recipe } from './cache.ts';

const SUITE = 'bookworm';

/** Beyond Debian's smallest set: the packages of a host that can be reached, and shells of other kinds, without curl, Python or Node. */
const INCLUDE = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'libpam-systemd',
  'openssh-server',
  'sudo',
  'iproute2',
  'tcsh',
  'fish',
];

const SETUP = join(import.meta.dirname, 'setup.sh');

/** The bare Debian 12 that every host starts from, downloaded from the machine's own mirror. */
export function debianRecipe(mirror: Mirror, signal: AbortSignal): Recipe {
  const setup = readFileSync(SETUP, 'utf8');
  return {
    kind: 'debian',
    key: contentId(SUITE, process.arch, INCLUDE.join(','), setup),
    build: async (folder) => {
      // A mount namespace of its own: debootstrap's mounts end with it, even if it is killed.
      const inside = (argv: readonly string[]): readonly string[] =>
        contained('build', ['unshare', '--mount', '--propagation', 'private', ...argv]);
      await must(
        inside(['debootstrap', '--variant=minbase', `--include=${INCLUDE.join(',')}`, SUITE, folder, mirror.url]),
        { signal },
      );
      await must(inside(['chroot', folder, '/bin/bash', '-s']), { stdin: setup, signal });
      await rm(join(folder, 'var/cache/apt/archives'), { recursive: true, force: true });
      await removeCgroups('build');
    },
  };
}
