import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { timeOrderedId } from '../../../src/core/id.ts';
import { openDatabase } from '../../../src/gateway/store/open-database.ts';
import type { UsageRow } from '../../../src/gateway/store/usage-line.ts';
import { UsageRows } from '../../../src/gateway/store/usage-rows.ts';
import { addressOf, configFolder, MASTER, start } from '../main-process.ts';
import { KEY, until } from '../running.ts';
import { newFolder, select } from './stage.ts';

const OLD_MS = Date.UTC(2020, 0);
const ROWS = 30_000;
const { write } = await configFolder();

/** Rows that are far older than rows are kept. */
function addOldRows(state: string): void {
  const opened = openDatabase(join(state, 'gateway.db'));
  assert.ok(opened.ok);
  const rows = Array.from({ length: ROWS }, (): UsageRow => {
    const [key, model] = ['k', 'm'];
    const head = [timeOrderedId(OLD_MS), key, null, null, null, [], 'openai', null] as const;
    return [...head, model, model, 'http://s', 'resident', 200, 'answered', 1, 1, 0, 0, 0, 0, 0, 0];
  });
  new UsageRows(opened.value).add('made', { ended: rows, refused: [] }, OLD_MS);
  opened.value.close();
}

test('a stop while rows that are too old are removed comes to its end', async () => {
  const state = newFolder();
  addOldRows(state);
  // A journal that was there before begins with the process.
  mkdirSync(join(state, 'journal'));
  const config = await write('config.yaml', { ...MASTER, hxllm: { state_dir: state, usage: { record: 'always' } } });
  const run = start(['--config', config, '--port', '0'], { LITELLM_MASTER_KEY: KEY });
  await addressOf(run);
  const left = (): number => Number(select(state, 'SELECT count(*) AS value FROM usage')[0]?.['value']);
  await until('a removal has begun', () => left() < ROWS);
  run.child.kill('SIGTERM');
  assert.equal(await run.code, 0, run.err);
  assert.ok(left() > 0, 'it was not over');
  assert.match(run.out, /"event":"stopped"/);
});
