import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, statfsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../core/problem.ts';

/** Types of file systems that are in memory alone (statfs(2)): tmpfs, and ramfs. tmpfs may be swapped. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/** A private folder in memory, and its removal. */
export interface MemoryFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * Makes a folder (0700) in memory-backed storage: `$XDG_RUNTIME_DIR`, `/dev/shm` or `/run`. It is removed when the process ends, however it
 * ends, with the copies that an editor left beside the file.
 */
export async function makeMemoryFolder(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Result<MemoryFolder>> {
  const places = [environment['XDG_RUNTIME_DIR'] ?? '', '/dev/shm', '/run'].filter((place) => place !== '');
  for (const place of places) {
    if (!isInMemory(place)) continue;
    const path = join(place, `hxllm-${randomBytes(9).toString('base64url')}`);
    try {
      await mkdir(path, { mode: 0o700 });
    } catch {
      continue;
    }
    const removeNow = (): void => {
      rmSync(path, { recursive: true, force: true });
    };
    process.once('exit', removeNow);
    const release = await guardFolder(path);
    return ok({
      path,
      remove: async () => {
        process.off('exit', removeNow);
        await rm(path, { recursive: true, force: true });
        release();
      },
    });
  }
  return fail({
    code: 'vault.no-memory',
    summary: 'there is no folder in memory for the decrypted text',
    detail: `Expected one of ${places.join(', ')} on a tmpfs where this user may write, found none. On a disk the text could be restored after its removal.`,
    fix: 'sudo mount -t tmpfs -o mode=1777,size=16m tmpfs /dev/shm',
  });
}

/**
 * Starts a process that removes the folder when this one is gone: SIGKILL and a closed terminal leave it no time to do so itself. The pipe
 * to it closes then. Returns the function that ends it.
 */
function guardFolder(path: string): Promise<() => void> {
  const script = 'cat > /dev/null; rm -rf -- "$1"';
  return new Promise((resolve, reject) => {
    // A session of its own: the terminal's signals do not reach it.
    const guard = spawn('sh', ['-c', script, 'sh', path], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    guard.once('error', reject);
    guard.once('spawn', () => {
      guard.unref();
      if ('unref' in guard.stdin && typeof guard.stdin.unref === 'function') guard.stdin.unref();
      resolve(() => guard.stdin.end());
    });
  });
}

function isInMemory(place: string): boolean {
  try {
    return existsSync(place) && IN_MEMORY.has(statfsSync(place).type);
  } catch {
    return false;
  }
}
