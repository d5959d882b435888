import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { GATEWAY, makeStage } from './stage.ts';

test('foreign files are refused one by one, before anything is changed', async () => {
  await using stage = await makeStage();
  mkdirSync(join(stage.prefix, 'etc/litellm'), { recursive: true });
  writeFileSync(join(stage.prefix, 'etc/litellm/config.yaml'), 'model_list: []\n');
  await using blocker = createServer();
  await new Promise<void>((resolve) => {
    blocker.listen(stage.port, '127.0.0.1', resolve);
  });
  const seen = await stage.enforce(GATEWAY);
  assert.equal(seen.ending, 'failed');
  assert.deepEqual(
    seen.problems.map((problem) => [problem.code, problem.summary]),
    [
      ['foreign.not-ours-to-take', `${stage.prefix}/etc/litellm/config.yaml was not installed by hxllm`],
      ['foreign.not-ours-to-take', `port ${String(stage.port)} is in use by another program`],
    ],
  );
  assert.match(seen.problems[1]?.fix ?? '', new RegExp(`kill ${String(process.pid)}.*litellm_port`));
  assert.ok(!existsSync(join(stage.prefix, 'opt')));
});
