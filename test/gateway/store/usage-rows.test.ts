import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { timeOrderedId } from '../../../src/core/id.ts';
import { openDatabase } from '../../../src/gateway/store/open-database.ts';
import { lostRow, type UsageRow } from '../../../src/gateway/store/usage-line.ts';
import { UsageRows } from '../../../src/gateway/store/usage-rows.ts';
import { DAY_MS } from '../../../src/gateway/store/usage-store.ts';
import { newFolder, rowsIn, select, sumsIn } from '../usage/stage.ts';

const NOW_MS = Date.now();

function newRow(atMs = NOW_MS): UsageRow {
  return lostRow([
    timeOrderedId(atMs),
    'key',
    null,
    null,
    null,
    ['t'],
    'openai',
    null,
    'a',
    'm',
    'http://s',
    'resident',
  ]);
}

test('of rows that come together the known ones are left out, wherever they stand', () => {
  const state = newFolder();
  const opened = openDatabase(join(state, 'gateway.db'));
  assert.ok(opened.ok);
  const rows = new UsageRows(opened.value);
  const all = Array.from({ length: 43 }, () => newRow());
  const at = (...places: readonly number[]): readonly UsageRow[] => all.filter((_, place) => places.includes(place));
  const add = (some: readonly UsageRow[]): number => rows.add('one', { ended: some, refused: [] }, NOW_MS);
  assert.equal(add(at(3, 8, 9, 10, 11, 12, 13, 14, 15, 39, 41)), 11);
  // Some of the first eight are known, all of the next, and none of those behind them; one row comes twice.
  assert.equal(add([...all, ...at(20)]), 32);
  assert.equal(add(all), 0);
  assert.equal(rowsIn(state).length, 43);
  for (const dimension of ['day', 'key', 'tag']) assert.equal(sumsIn(state, dimension)[0]?.['requests'], 43);
  opened.value.close();
});

test('rows of several days are counted on their days, and one that is too old on none', () => {
  const state = newFolder();
  const opened = openDatabase(join(state, 'gateway.db'));
  assert.ok(opened.ok);
  const today = Math.floor(NOW_MS / DAY_MS);
  const times = [-1, 0, DAY_MS - 1, DAY_MS, -DAY_MS, 1, -500 * DAY_MS];
  const ended = times.map((ms) => newRow((today - 1) * DAY_MS + ms));
  assert.equal(new UsageRows(opened.value).add('one', { ended, refused: [] }, NOW_MS), 6);
  assert.deepEqual(
    select(state, `SELECT day, requests FROM usage_days WHERE dimension = 'day' ORDER BY day`).map(
      ({ day, requests }) => [Number(day) - today, requests],
    ),
    [
      [-2, 2],
      [-1, 3],
      [0, 1],
    ],
  );
  opened.value.close();
});
