import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { timeOrderedId } from '../../../src/core/id.ts';
import { JournalRecovery } from '../../../src/gateway/store/journal-recovery.ts';
import { MIGRATIONS } from '../../../src/gateway/store/migrations.ts';
import { openDatabase } from '../../../src/gateway/store/open-database.ts';
import { usageLinesIn } from '../../../src/gateway/store/usage-line.ts';
import { UsageRows } from '../../../src/gateway/store/usage-rows.ts';
import { newFolder, rowsIn, sumsIn } from '../usage/stage.ts';

const NOW_MS = Date.now();
const head = (key: string): string =>
  `"${timeOrderedId(NOW_MS)}","${key}","team",null,"ada",["t"],"openai",null,"a","m","http://s","resident"`;
const row = (key: string): string =>
  `["e",${head(key)},200,"answered",1000,1099,0,0.25,0,12.5,3,1001,[["${key}",1700000000000]]]`;
const LINES = [
  `["b",${head('cut')}]`,
  row('one'),
  `["r","${timeOrderedId(NOW_MS)}","one",null,"requests",10]`,
  row('two'),
];
const SEGMENT = Buffer.from(`${LINES.join('\n')}\n`);

/** Takes over the journal of a process that has ended, to its end. */
function recover(rows: UsageRows, state: string, segment: Buffer): void {
  const folder = join(state, 'journal');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'dead.000001.jsonl'), segment);
  const recovery = new JournalRecovery(rows);
  for (let isMore = true; isMore;) isMore = recovery.step(folder, 'own', NOW_MS).more;
}

function damagedAt(place: number, how: 'cut' | 'zeros' | number): Buffer {
  if (how === 'cut') return SEGMENT.subarray(0, place);
  const damaged = Buffer.from(SEGMENT);
  if (how === 'zeros') damaged.fill(0, place);
  else damaged[place] = (damaged[place] ?? 0) ^ how;
  return damaged;
}

test('a segment that is damaged at any byte is read, never stops the others, and rows and sums agree', () => {
  const state = newFolder();
  const opened = openDatabase(join(state, 'gateway.db'));
  assert.ok(opened.ok);
  opened.value.exec('PRAGMA synchronous = OFF');
  const rows = new UsageRows(opened.value);
  const clean = (): void => {
    for (const table of ['usage', 'usage_days', 'usage_refused', 'spent']) opened.value.exec(`DELETE FROM ${table}`);
  };
  for (let place = 0; place < SEGMENT.length; place += 1)
    for (const how of ['cut', 'zeros', 1 << (place % 8), 0x55] as const) {
      clean();
      recover(rows, state, damagedAt(place, how));
      const seen = rowsIn(state);
      const label = `${String(how)} at ${String(place)}`;
      assert.ok(seen.length <= 4, label);
      // One damaged line, or two that were joined, and all behind a cut.
      const isLocal = typeof how === 'number';
      const at = SEGMENT.subarray(0, place).toString().split('\n').length - 1;
      for (const [line, key] of [
        [0, 'cut'],
        [1, 'one'],
        [3, 'two'],
      ] as const) {
        const isSpared = isLocal ? line !== at && line !== at + 1 : line < at;
        if (isSpared) assert.equal(seen.filter(({ key_id }) => key_id === key).length, 1, `${label}: ${key}`);
      }
      const [days] = sumsIn(state, 'day');
      assert.equal(Number(days?.['requests'] ?? 0), seen.length, label);
      assert.equal(
        Number(days?.['completion_tokens'] ?? 0),
        seen.reduce((sum, { completion_tokens }) => sum + completion_tokens, 0),
        label,
      );
    }
  opened.value.close();
});

test('a value that no row can have costs its line alone', () => {
  const end = (tokens: string): string => `["e",${head('k')},200,"answered",${tokens},0,0,0,0,1,1]`;
  for (const tokens of ['1,"2"', '1e99,1', '-1,1', '1.5,1', 'null,1', '1,[]', '1e999,1']) {
    const { ended, damaged } = usageLinesIn(`${end('1,2')}\n${end(tokens)}\n${end('3,4')}`);
    assert.deepEqual([ended.map((one) => one[14]), damaged], [[1, 3], 1], tokens);
  }
});

test('lines of a later release, which have more values, are read as far as they are known', () => {
  const lines = [`["b",${head('b')},"new"]`, `${row('e').slice(0, -1)},[1,0.5],"new",7]`, `["x",1]`];
  const { begun, ended, damaged } = usageLinesIn(lines.join('\n'));
  assert.deepEqual([begun[0]?.length, ended[0]?.length, damaged], [12, 24, 1]);
});

test('behind a rollback rows are written into the tables of the next release, which has added columns', () => {
  const state = newFolder();
  const file = join(state, 'gateway.db');
  const tables = ['usage', 'usage_days', 'usage_refused', 'spent'];
  const next = {
    version: MIGRATIONS.length + 1,
    statements: tables.map((table) => `ALTER TABLE ${table} ADD COLUMN added TEXT`),
  };
  const newer = openDatabase(file, [...MIGRATIONS, next]);
  assert.ok(newer.ok);
  newer.value.close();
  const opened = openDatabase(file);
  assert.ok(opened.ok, JSON.stringify(opened));
  recover(new UsageRows(opened.value), state, SEGMENT);
  opened.value.close();
  assert.equal(rowsIn(state).length, 3);
});
