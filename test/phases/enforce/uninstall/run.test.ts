import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GATEWAY, makeStage, stepsOf, type Stage } from '../stage.ts';

// One host for the tests in this file, in their order.
let stage: Stage;

before(async () => {
  stage = await makeStage();
  await stage.enforce(GATEWAY);
});
after(async () => {
  await stage[Symbol.asyncDispose]();
});

test('a dry run shows the steps and changes nothing', async () => {
  const seen = await stage.uninstall({ dryRun: true });
  assert.deepEqual(
    [seen.ending, seen.changes, stepsOf(seen, 'planned'), stepsOf(seen, 'done')],
    ['pending', 4, ['service.stop', 'files', 'release', 'folders'], []],
  );
  assert.match(seen.files.get('summary.txt') ?? '', /^uninstall: pending, 4 steps\n$/);
  assert.match(await stage.ask(), /^sk-/);
  assert.ok(existsSync(join(stage.prefix, 'opt')));
});

test('uninstall removes hxllm’s files, leaves others and notes them; a second run finds nothing', async () => {
  const foreign = join(stage.prefix, 'etc/litellm/notes.txt');
  writeFileSync(foreign, 'mine');
  const seen = await stage.uninstall();
  assert.deepEqual([seen.ending, stepsOf(seen, 'done')], ['passed', ['service.stop', 'files', 'release', 'folders']]);
  assert.match(await stage.ask(), /fetch failed/);
  assert.equal(readFileSync(foreign, 'utf8'), 'mine');
  assert.ok(!existsSync(join(stage.prefix, 'opt')));
  assert.ok(
    seen.events.some(
      (event) =>
        event.kind === 'note' && event.text.includes('Open WebUI') && event.text.includes('http://127.0.0.1:9'),
    ),
  );
  assert.equal((await stage.uninstall()).changes, 0);
});
