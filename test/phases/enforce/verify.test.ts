import assert from 'node:assert/strict';
import { globSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GATEWAY, makeStage, stepsOf } from './stage.ts';

test('a runtime that was changed with its size and time kept is found by --verify, and by any run with another change', async () => {
  await using stage = await makeStage();
  await stage.enforce(GATEWAY);
  const damage = (): void => {
    const [runtime = ''] = globSync('**/runtimes/*/bin/node', { cwd: stage.prefix });
    const file = join(stage.prefix, runtime);
    const { atime, mtime } = statSync(file);
    const bytes = readFileSync(file);
    // In the text of a symbol, so that the program still runs.
    bytes[bytes.length - 40] = (bytes[bytes.length - 40] ?? 0) ^ 1;
    writeFileSync(`${file}.new`, bytes, { mode: 0o755 });
    utimesSync(`${file}.new`, atime, mtime);
    // Not in place: the running program's file is busy.
    renameSync(`${file}.new`, file);
  };
  damage();
  assert.equal((await stage.enforce(GATEWAY)).changes, 0, 'size and time are as they were sent');
  const seen = await stage.enforce(GATEWAY, {}, { verify: true, dryRun: true });
  assert.deepEqual(stepsOf(seen, 'planned').includes('runtime'), true);
  const mended = await stage.enforce(`${GATEWAY}// another release`);
  assert.deepEqual([mended.ending, stepsOf(mended, 'done').includes('runtime')], ['passed', true]);
  assert.equal((await stage.enforce(`${GATEWAY}// another release`, {}, { verify: true })).changes, 0);
});
