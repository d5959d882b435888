import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The delay of the event loop since the last call, ms, of a process that runs in `folder` with `loop-delay.ts`. */
export async function loopDelayOf(
  pid: number,
  folder: string,
): Promise<{ readonly p99: number; readonly most: number }> {
  const file = join(folder, 'loop.json');
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  while (!existsSync(file) || readFileSync(file).length === 0) await sleep(5);
  return JSON.parse(readFileSync(file, 'utf8')) as { p99: number; most: number };
}
