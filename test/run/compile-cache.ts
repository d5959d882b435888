import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The variable that names the folder of Node's compile cache. */
export const COMPILE_CACHE = 'NODE_COMPILE_CACHE';

/**
 * Runs `work` with a fresh compile cache of Node's for all processes that it starts. Each test file, and each hxllm that a test starts, loads
 * hundreds of TypeScript files: without the types stripped and the code compiled earlier, this is half of what it takes.
 */
export async function withCompileCache<T>(work: () => Promise<T>): Promise<T> {
  const earlier = process.env[COMPILE_CACHE];
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-compile-cache-'));
  process.env[COMPILE_CACHE] = folder;
  try {
    return await work();
  } finally {
    if (earlier === undefined) delete process.env[COMPILE_CACHE];
    else process.env[COMPILE_CACHE] = earlier;
    await rm(folder, { recursive: true, force: true });
  }
}
