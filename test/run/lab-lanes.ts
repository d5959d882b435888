import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildBalancer } from '../lab/balancer.ts';
import { CACHE, STATE } from '../lab/place.ts';
import { runFiles, type Pace } from './suite.ts';
import { addTallies, EMPTY, type Tally } from './tally.ts';

/** Number of labs at a time: each mostly waits for its hosts. */
const LANES = 2;

/** The file whose hosts have a program that the lab's own have not. */
const USES_HAPROXY = 'test/lab/two-gateways.test.ts';

const LAB_FILE = join(import.meta.dirname, 'lab-file.ts');

/**
 * Namespaces in which a lab has the network, the mounts and the processes for itself, so that two labs with the same names and addresses
 * do not meet: /run and the lab's folder are the lane's own, and /sys shows its network. The mounts of a person's lab leave the lane, and nothing else. bash is the first process, which waits
 * for orphans; with it, everything in the lane ends. Arguments: the folder of the lane, and the command.
 */
const NAMESPACES = '--mount --propagation private --net --pid --fork --kill-child --mount-proc'.split(' ');
const SETUP = `set -e
folder=$1; shift
# The list is read before it changes: else a mount is passed over for each one that goes.
mounts=$(cat /proc/self/mounts)
while read -r _ point _; do
  case $point in ${STATE}/*) umount --lazy "$point";; esac
done <<< "$mounts"
mkdir -p ${STATE}
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/cgroup
mount --rbind /sys/fs/cgroup /run/cgroup
mount -t sysfs sysfs /sys
mount --rbind /run/cgroup /sys/fs/cgroup
umount --recursive --lazy /run/cgroup
mount --bind "$folder" ${STATE}
ip link set lo up
code=0; "$@" || code=$?
exit $code`;

/** The test files of the lab's folder by what they need. */
export interface LabFiles {
  /** Files that boot labs on the machine itself and look for all leftovers there; the first builds the images of the others, too. */
  readonly bootsOwn: readonly string[];
  /** Files that borrow a lab. */
  readonly borrows: readonly string[];
  /** Files without a lab, which build the package in the checkout. */
  readonly other: readonly string[];
}

/** Sorts test files by the function of the lab that they call. */
export function sortLabFiles(files: readonly string[], root: string): LabFiles {
  const sorted = Map.groupBy(files, (file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return text.includes('borrowLab(') ? 'borrows' : text.includes('openLab(') ? 'bootsOwn' : 'other';
  });
  const { bootsOwn = [], borrows = [], other = [] } = Object.fromEntries(sorted);
  return { bootsOwn, borrows, other };
}

/** Runs files that borrow a lab, two at a time, each in namespaces of its own; one at a time where the machine has no such namespaces. */
export async function runLabFiles(files: readonly string[], pace: Pace, root: string): Promise<Tally> {
  const waiting = [...files];
  if (files.length === 0) return EMPTY;
  if (files.length === 1 || (await inLane('probe', ['true'])) !== 0) return runFiles(files, pace, root);
  // A lane has no way to Debian's mirror.
  if (files.includes(USES_HAPROXY)) await buildBalancer(AbortSignal.timeout(300_000));
  let tally = EMPTY;
  let again = pace.again ?? 0;
  const runOne = async (file: string, lane: string): Promise<Tally> => {
    const first = await runLabFile(file, lane, pace, root);
    if (first.success || again === 0) return first;
    again -= 1;
    // In new namespaces. Its failures were shown when they came.
    const second = await runLabFile(file, lane, pace, root);
    if (!second.success) return first;
    process.stdout.write(`\n${file} failed, and passed when it ran again\n`);
    pace.onUnsteady?.(file);
    return second;
  };
  const work = async (lane: number): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const begunMs = performance.now();
      const ran = await runOne(file, `lane-${String(lane)}`);
      tally = addTallies(tally, ran);
      pace.onEnded?.(file, performance.now() - begunMs);
    }
  };
  await Promise.all(Array.from({ length: LANES }, (_, lane) => work(lane + 1)));
  // The mount point of the lanes' folders.
  await rmdir(STATE).catch(() => undefined);
  return tally;
}

async function runLabFile(file: string, lane: string, { limitMs }: Pace, root: string): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-lane-'));
  const result = join(folder, 'tally.json');
  try {
    const code = await inLane(lane, [process.execPath, LAB_FILE, file, root, String(limitMs), result]);
    // Written by lab-file.ts; a lane that was killed has written none.
    return JSON.parse(await readFile(result, 'utf8').catch(() => failedTally(file, code))) as Tally;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function failedTally(file: string, code: number): string {
  process.stdout.write(`\n✖ ${basename(file)}: its lane ended with ${String(code)} and no result\n`);
  return JSON.stringify({ ...EMPTY, tests: 1, failed: 1, success: false });
}

/** Runs a command in fresh namespaces with the name and the folder of a lane; its exit code. */
async function inLane(lane: string, argv: readonly string[]): Promise<number> {
  const folder = join(CACHE, lane);
  // A run that was killed leaves its folder.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const quiet = lane === 'probe';
  const child = spawn('unshare', [...NAMESPACES, 'bash', '-c', SETUP, 'lane', folder, ...argv], {
    stdio: quiet ? 'ignore' : 'inherit',
    env: { ...process.env, HXLLM_LAB_NAME: `hxlab-${lane}` },
  });
  const [code] = (await once(child, 'close')) as [number | null];
  await rm(folder, { recursive: true, force: true });
  return code ?? 1;
}
