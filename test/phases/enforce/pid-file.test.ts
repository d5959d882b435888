import assert from 'node:assert/strict';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { GATEWAY, makeStage } from './stage.ts';

test('a gateway whose pid file was lost or changed is found by its program, and an uninstall stops it', async () => {
  await using stage = await makeStage();
  await stage.enforce(GATEWAY);
  const [file = ''] = globSync('**/litellm.pid', { cwd: stage.prefix }).map((name) => join(stage.prefix, name));
  const pid = Number(readFileSync(file, 'utf8'));
  for (const lose of [
    () => {
      rmSync(file);
    },
    () => {
      writeFileSync(file, '1\n');
    },
  ]) {
    lose();
    const seen = await stage.enforce(GATEWAY);
    assert.deepEqual([seen.ending, seen.changes], ['passed', 0]);
    process.kill(pid, 0);
  }
  rmSync(file);
  assert.equal((await stage.uninstall()).ending, 'passed');
  assert.match(await stage.ask(), /fetch failed/);
});
