import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rmdir } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The variable that names the folder for temporary files. */
export const TEMPORARY = 'TMPDIR';

/** Far more than tests keep at a time; a full folder would fail them. */
const ENOUGH_BYTES = 8 * 2 ** 30;

const run = promisify(execFile);

/**
 * Runs `work` with a file system in memory for all temporary files, where one can be mounted: on many disks of rented machines the removal of a
 * folder alone takes some milliseconds, and a write that has to reach the disk more, which is half of the time of some test files.
 */
export async function withMemoryFolder<T>(work: () => Promise<T>): Promise<T> {
  const folder = freemem() < ENOUGH_BYTES ? undefined : await mountFolder();
  if (folder === undefined) return work();
  const earlier = process.env[TEMPORARY];
  process.env[TEMPORARY] = folder;
  try {
    return await work();
  } finally {
    if (earlier === undefined) delete process.env[TEMPORARY];
    else process.env[TEMPORARY] = earlier;
    // A process that a test left behind may have a file open.
    await run('umount', ['--lazy', folder]);
    await rmdir(folder);
  }
}

/** The folder; `undefined` where nothing may be mounted. Its name is short: the path of a socket has no more than 107 bytes. */
async function mountFolder(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'hx-'));
  // As /tmp is: some tests run a program as another user.
  await chmod(folder, 0o755);
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'mode=1777', 'hxllm-tests', folder]);
    return folder;
  } catch {
    await rmdir(folder);
    return undefined;
  }
}
