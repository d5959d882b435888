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
 * Makes a folder (0700) in memory-backed storage: `$XDG_RUNTIME_DIR`, `/dev/shm` or `/run`. It is removed when the process ends, too, since
 * an editor's copies lie beside the file.
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
    return ok({
      path,
      remove: async () => {
        process.off('exit', removeNow);
        await rm(path, { recursive: true, force: true });
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

function isInMemory(place: string): boolean {
  try {
    return existsSync(place) && IN_MEMORY.has(statfsSync(place).type);
  } catch {
    return false;
  }
}
