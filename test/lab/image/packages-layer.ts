import { mkdir, rm } from 'node:fs/promises';
import { contained, removeCgroups } from '../cgroup.ts';
import { must } from '../command.ts';
import { PARTIAL } from '../place.ts';

/** A layer that a script makes on top of Debian. */
export interface PackagesLayer {
  /** The folder of the image below it. */
  readonly debian: string;
  /** The arguments of the script. */
  readonly packages: readonly string[];
  /** The script, run once in the layer, with the machine's own mirror. */
  readonly setup: string;
  readonly signal: AbortSignal;
}

/** Fills a folder with all that the script changes in the image. */
export async function packagesLayer(folder: string, { debian, packages, setup, signal }: PackagesLayer): Promise<void> {
  const [work, root] = [`${folder}-work${PARTIAL}`, `${folder}-root${PARTIAL}`];
  for (const each of [work, root]) await mkdir(each, { recursive: true });
  const script = `set -e
mount -t overlay hxlab-layer -o lowerdir=${debian},upperdir=${folder},workdir=${work} ${root}
mount -t proc proc ${root}/proc
mount --bind /dev ${root}/dev
cp /etc/resolv.conf ${root}/etc/resolv.conf
for conf in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do [ ! -f "$conf" ] || cp "$conf" ${root}/etc/apt/apt.conf.d/; done
exec chroot ${root} /bin/bash -s -- ${packages.join(' ')}`;
  // A mount namespace of its own: the mounts end with it, even if it is killed.
  await must(contained('build', ['unshare', '--mount', '--uts', '--propagation', 'private', 'bash', '-c', script]), {
    stdin: setup,
    signal,
  });
  for (const each of [work, root]) await rm(each, { recursive: true, force: true });
  await removeCgroups('build');
}
