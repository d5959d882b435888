import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '../until.ts';
import { LIMITS, makeBench, must } from './bench.ts';

/** The processes in sessions of their own that give a lock back when its holder is gone. */
function keepersOf(lock: string): readonly number[] {
  const found = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return (words[2] ?? '').includes('cat > /dev/null') && words[4] === lock;
    } catch {
      return false;
    }
  });
  return found.map(Number);
}

test('the end of a run that comes late stops no step of the next run', async (context) => {
  const { folder, take, apply } = makeBench(context);
  const first = must(await take());
  let [keeper = 0] = keepersOf(join(folder, 'lock'));
  await until('the keeper has started', () => ([keeper = 0] = keepersOf(join(folder, 'lock')))[0] !== undefined);
  // As on a busy host, where the next run has the lock before this process runs again.
  process.kill(keeper, 'SIGSTOP');
  await first.release();
  const second = must(await take());
  process.kill(keeper, 'SIGCONT');
  await until('the keeper has ended', () => !existsSync(`/proc/${String(keeper)}`));
  assert.ok(!existsSync(join(folder, 'lock.work', 'stop')));
  assert.deepEqual((await apply(second, 'prepare', ['true', 'true'])).done, ['step.0', 'step.1']);
  const ran = await second.run({ argv: ['true'] }, LIMITS);
  assert.equal(ran.ok && ran.value.exitCode, 0);
});
