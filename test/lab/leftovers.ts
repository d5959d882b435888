import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cgroupFolders, containedProcesses, removeCgroups } from './cgroup.ts';
import { run } from './command.ts';
import { CACHE, PARTIAL, PREFIX, STATE } from './place.ts';

const NAMESPACES = '/run/netns';
const NSPAWN = '/run/systemd/nspawn';

/** The parts of a lab on this machine, found by their names and places and not by a record of the lab. */
export interface Leftovers {
  readonly processes: readonly number[];
  readonly mounts: readonly string[];
  readonly links: readonly string[];
  readonly namespaces: readonly string[];
  readonly cgroups: readonly string[];
  readonly folders: readonly string[];
}

/** Looks for everything that a lab creates, half-made parts included; cached images are not among them. */
function findLeftovers(): Leftovers {
  // A lab in namespaces of its own gets its folder as a mount, which stays.
  const isGiven = mounts().includes(STATE);
  return {
    processes: containedProcesses(),
    mounts: mounts().filter((point) =>
      [STATE, CACHE].some((place) => (point === place && !isGiven) || point.startsWith(`${place}/`)),
    ),
    links: names('/sys/class/net').filter((name) => name.startsWith(PREFIX)),
    namespaces: names(NAMESPACES).filter((name) => name.startsWith(PREFIX)),
    cgroups: cgroupFolders().filter((folder) => existsSync(folder)),
    folders: [
      ...(isGiven ? names(STATE).map((name) => join(STATE, name)) : [STATE].filter((folder) => existsSync(folder))),
      ...names(CACHE)
        .filter((name) => name.endsWith(PARTIAL))
        .map((name) => join(CACHE, name)),
      ...names(NSPAWN).flatMap((kind) =>
        names(join(NSPAWN, kind))
          .filter((name) => name.startsWith(PREFIX))
          .map((name) => join(NSPAWN, kind, name)),
      ),
    ],
  };
}

/** Whether no part of a lab is left. */
export function isClean(found: Leftovers): boolean {
  return Object.values(found).every((list: readonly unknown[]) => list.length === 0);
}

/** Removes every leftover of a lab, however it ended; throws if a part stays. A second call is harmless. */
export async function removeLeftovers(): Promise<Leftovers> {
  const first = findLeftovers();
  await removeCgroups();
  // A second search: processes that have just ended may have created more.
  const found = findLeftovers();
  for (const point of mounts()
    .filter((each) => found.mounts.includes(each))
    .toReversed())
    await run(['umount', point]);
  for (const name of found.namespaces) await run(['ip', 'netns', 'del', name]);
  // A host's link goes with its namespace, so some of these are gone by now.
  for (const name of names('/sys/class/net').filter((each) => found.links.includes(each)))
    await run(['ip', 'link', 'del', name]);
  await releaseNamespaces();
  const { mounts: busy } = findLeftovers();
  if (busy.length > 0) throw new Error(`cannot unmount ${busy.join(', ')}; nothing below it was deleted`);
  for (const folder of found.folders) await rm(folder, { recursive: true, force: true });
  const left = findLeftovers();
  if (!isClean(left)) throw new Error(`the lab could not be removed whole: ${JSON.stringify(left)}`);
  return first;
}

/** `ip netns add` mounts its folder on itself; the lab unmounts it with the last namespace. */
async function releaseNamespaces(): Promise<void> {
  if (!existsSync(NAMESPACES) || names(NAMESPACES).length > 0) return;
  while (mounts().includes(NAMESPACES)) {
    const ran = await run(['umount', NAMESPACES]);
    if (ran.exitCode !== 0) return;
  }
  rmdirSync(NAMESPACES);
}

/** Mount points of this machine, in the order they were mounted; once for each mount. */
function mounts(): readonly string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .flatMap((line) => line.split(' ').slice(4, 5))
    .map((point) => point.replaceAll(String.raw`\040`, ' '));
}

function names(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).toSorted() : [];
}
