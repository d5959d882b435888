import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './command.ts';
import { NAME } from './place.ts';

const SCRIPT = join(import.meta.dirname, 'contain.sh');

/** The lab's own cgroup in every hierarchy that systemd uses, whether it exists or not. */
export function cgroupFolders(): readonly string[] {
  const root = '/sys/fs/cgroup';
  // One unified tree, or (with the older controllers) systemd's own and an empty unified one beside it.
  const trees = existsSync(join(root, 'cgroup.controllers'))
    ? [root]
    : [join(root, 'systemd'), join(root, 'unified')].filter((tree) => existsSync(tree));
  return trees.map((tree) => join(tree, NAME));
}

/** The command that runs `argv` in a cgroup of the lab; each needs its own, since machines that share one end each other's services. */
export function contained(name: string, argv: readonly string[]): readonly string[] {
  const folders = cgroupFolders().map((folder) => join(folder, name));
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  return ['/bin/bash', SCRIPT, ...folders, '--', ...argv];
}

/** Every process that runs in the lab's cgroups, by id. */
export function containedProcesses(name = ''): readonly number[] {
  return [...new Set(cgroupFolders().flatMap((folder) => processesBelow(join(folder, name))))];
}

/** Kills every process of one of the lab's cgroups (of all, without a name), waits for their end and removes the cgroups. */
export async function removeCgroups(name = ''): Promise<void> {
  await until('the lab’s processes to end', 20_000, () => {
    for (const pid of containedProcesses(name)) kill(pid);
    return Promise.resolve(containedProcesses(name).length === 0);
  });
  // A cgroup is busy until the last of its dead processes was waited for.
  await until('the lab’s cgroups to be free', 20_000, () =>
    Promise.resolve(cgroupFolders().every((folder) => removeBelow(join(folder, name)))),
  );
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process has ended since it was listed.
  }
}

function processesBelow(folder: string): readonly number[] {
  return treeOf(folder).flatMap((each) => {
    try {
      return readFileSync(join(each, 'cgroup.procs'), 'utf8')
        .split('\n')
        .filter((line) => line !== '' && line !== '0')
        .map(Number);
    } catch {
      return [];
    }
  });
}

function removeBelow(folder: string): boolean {
  for (const each of treeOf(folder).toReversed()) {
    try {
      rmdirSync(each);
    } catch {
      // Not empty yet, or removed meanwhile: the check below tells.
    }
  }
  return !existsSync(folder);
}

/** The folder and all folders below it, parents first; none if it does not exist. */
function treeOf(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  try {
    const below = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return [folder, ...below.flatMap((entry) => treeOf(join(folder, entry.name)))];
  } catch {
    return [];
  }
}
