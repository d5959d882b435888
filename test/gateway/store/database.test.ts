import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { RecordDatabase } from '../../../src/gateway/store/database.ts';
import type { RecordQuery } from '../../../src/gateway/store/key-store.ts';
import { checksumOf, MIGRATIONS, SCHEMA_VERSION } from '../../../src/gateway/store/migrations.ts';
import { openDatabase } from '../../../src/gateway/store/open-database.ts';
import { keyRecord, otherRecord } from './record.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-store-'));
after(() => {
  rmSync(folder, { recursive: true });
});
let files = 0;
const newFile = (): string => join(folder, `${String((files += 1))}.db`);

function openFile(file = newFile(), migrations = MIGRATIONS): RecordDatabase {
  const opened = openDatabase(file, migrations);
  assert.ok(opened.ok, JSON.stringify(opened));
  return new RecordDatabase(opened.value);
}

/** The code of the Problem with which a file is refused; its text names the file and a command. */
function refusal(file: string, migrations = MIGRATIONS): string {
  const opened = openDatabase(file, migrations);
  assert.ok(!opened.ok);
  const [{ code, fix, where, detail }] = opened.problems;
  assert.equal(where?.file, file);
  assert.ok(fix.includes(file) || fix.startsWith('hxllm '), fix);
  assert.match(detail, /^Expected .*, found/);
  return code;
}

test('a new database is readable for its owner alone, and keeps what is committed', () => {
  const file = newFile();
  const first = openFile(file);
  const record = keyRecord('sk-a', { models: ['m'] }, { former: [{ hash: 'f', untilMs: 9 }], expiresMs: 5 });
  assert.deepEqual(first.commit([record]), { ok: true, revision: 1 });
  first.close();
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const { expected, ...content } = record;
  assert.equal(expected, 0);
  assert.deepEqual(openFile(file).since('key', 0, 10), [{ ...content, revision: 1 }]);
});

test('changes are stored together or not at all, and only over the revision that was read', () => {
  const database = openFile();
  database.commit([keyRecord('sk-a'), keyRecord('sk-b')]);
  const conflicts = [
    database.commit([keyRecord('sk-c'), keyRecord('sk-a', {}, { expected: 2 })]),
    database.commit([keyRecord('sk-c'), keyRecord('sk-d', {}, { alias: 'a' })]),
    database.commit([keyRecord('sk-c'), keyRecord('sk-d', {}, { hash: apiKeyHash('sk-a') })]),
    database.commit([keyRecord('sk-a', {})]),
  ];
  assert.deepEqual(
    conflicts.map((result) => (result.ok ? 'ok' : `${result.conflict} of ${result.id}`)),
    ['changed of key-sk-a', 'alias of key-sk-d', 'hash of key-sk-d', 'changed of key-sk-a'],
  );
  assert.deepEqual(
    database.since('key', 0, 10).map(({ id, revision }) => [id, revision]),
    [
      ['key-sk-a', 1],
      ['key-sk-b', 2],
    ],
  );
  // A revision of a change that was undone is used again, since no reader has seen it.
  assert.deepEqual(database.commit([keyRecord('sk-a', { x: 1 }, { expected: 1 })]), { ok: true, revision: 3 });
  assert.deepEqual(
    database.since('key', 2, 10).map(({ id }) => id),
    ['key-sk-a'],
  );
});

test('a deleted key gives its name and text free, and is told to readers; a former text is taken while it works', () => {
  const database = openFile();
  const old = apiKeyHash('sk-old');
  database.commit([keyRecord('sk-a', {}, { former: [{ hash: old, untilMs: 100 }] })]);
  const another = (updatedMs: number): unknown =>
    database.commit([keyRecord('sk-old', {}, { alias: 'o', updatedMs })]).ok;
  assert.equal(another(100), false);
  assert.equal(another(101), true);
  assert.ok(database.commit([keyRecord('sk-a', {}, { expected: 1, deletedMs: 50 })]).ok);
  assert.equal(database.since('key', 0, 10).find(({ id }) => id === 'key-sk-a')?.deletedMs, 50);
  assert.ok(database.commit([keyRecord('sk-a', {}, { id: 'again' })]).ok);
});

test('records are found by each condition, in each order, in pages', () => {
  const database = openFile();
  database.commit([
    keyRecord('sk-a1', {}, { teamId: 't', createdMs: 1, expiresMs: 50 }),
    keyRecord('sk-b1', {}, { teamId: 't', userId: 'u', createdMs: 3, blocked: true }),
    keyRecord('sk-A_2', {}, { userId: 'u', createdMs: 2, former: [{ hash: 'f', untilMs: 100 }] }),
    keyRecord('sk-gone', {}, { deletedMs: 1 }),
    otherRecord('team', 't'),
  ]);
  const found = (query: Partial<RecordQuery>): string => {
    const { records, total } = database.find({ kind: 'key', nowMs: 60, ...query });
    return `${records.map(({ id }) => id.replace('key-sk-', '')).join(' ')} of ${String(total)}`;
  };
  assert.equal(found({}), 'a1 A_2 b1 of 3');
  assert.equal(found({ descending: true, limit: 2 }), 'b1 A_2 of 3');
  assert.equal(found({ descending: true, limit: 2, offset: 2 }), 'a1 of 3');
  assert.equal(found({ sortBy: 'alias' }), 'A_2 a1 b1 of 3');
  assert.equal(found({ teamId: 't' }), 'a1 b1 of 2');
  assert.equal(found({ userId: 'u', teamId: 't' }), 'b1 of 1');
  assert.equal(found({ search: 'a' }), 'a1 A_2 of 2');
  assert.equal(found({ search: '_' }), 'A_2 of 1', 'no pattern of SQL');
  assert.equal(found({ aliases: ['b1', 'none'] }), 'b1 of 1');
  assert.equal(found({ ids: ['key-sk-a1'] }), 'a1 of 1');
  assert.equal(found({ hashes: [apiKeyHash('sk-a1'), 'f'] }), 'a1 A_2 of 2');
  assert.equal(found({ hashes: ['f'], nowMs: 101 }), ' of 0');
  assert.equal(found({ status: 'active' }), 'A_2 of 1');
  assert.equal(found({ status: 'revoked' }), 'b1 of 1');
  assert.equal(found({ status: 'expired' }), 'a1 of 1');
  assert.equal(found({ status: 'deleted' }), 'gone of 1');
  assert.equal(found({ kind: 'team' }), 't of 1');
});

test('released steps of the schema never change, and steps only add', () => {
  assert.deepEqual(
    MIGRATIONS.map((migration) => checksumOf(migration).slice(0, 16)),
    [
      '719de62e7c95401b',
      'f097d68c5f6ac6ae',
      'd0f6f72958d290ad',
      'd68a43f94e3876b5',
      '28b72e619d0e2053',
      '5f9975c5c2da4e31',
    ],
  );
  for (const [index, { version, statements }] of MIGRATIONS.entries()) {
    assert.equal(version, index + 1);
    for (const statement of statements)
      assert.match(statement, /^(?:CREATE (?:TABLE|(?:UNIQUE )?INDEX) |ALTER TABLE \w+ ADD COLUMN )/);
  }
});

test('a database from the schema before gets the new steps, and one that is newer by one still works', () => {
  const file = newFile();
  const next = [
    ...MIGRATIONS,
    { version: SCHEMA_VERSION + 1, statements: ['ALTER TABLE keys ADD COLUMN colour TEXT'] },
  ];
  const before = openFile(file);
  before.commit([keyRecord('sk-a')]);
  before.close();
  const newer = openFile(file, next);
  assert.equal(newer.since('key', 0, 10).length, 1);
  newer.commit([keyRecord('sk-b')]);
  newer.close();
  // The release before, after a rollback.
  const back = openFile(file);
  back.commit([keyRecord('sk-c')]);
  assert.equal(back.since('key', 0, 10).length, 3);
  back.close();
  assert.ok(openDatabase(file, next).ok);
});

test('a file that is newer by two, of another schema, of another program, damaged or not writable is refused', () => {
  const later = [1, 2].map((more) => ({
    version: SCHEMA_VERSION + more,
    statements: [`CREATE TABLE later${String(more)} (a TEXT) STRICT`],
  }));
  const newer = newFile();
  openFile(newer, [...MIGRATIONS, ...later]).close();
  assert.equal(refusal(newer), 'state.newer');
  const changed = newFile();
  openFile(changed).close();
  const [first, ...rest] = MIGRATIONS;
  assert.ok(first !== undefined);
  assert.equal(
    refusal(changed, [{ version: 1, statements: [...first.statements, 'x'] }, ...rest]),
    'state.other-schema',
  );
  const foreign = newFile();
  const other = new DatabaseSync(foreign);
  other.exec('CREATE TABLE a (b TEXT)');
  other.close();
  assert.equal(refusal(foreign), 'state.foreign');
  const garbage = newFile();
  writeFileSync(garbage, 'not a database, but a text that somebody has put here'.repeat(100));
  assert.equal(refusal(garbage), 'state.damaged');
  const directory = newFile();
  mkdirSync(directory);
  assert.equal(refusal(directory), 'state.not-writable');
  assert.equal(refusal(join(folder, 'missing', 'gateway.db')), 'state.not-writable');
});

test('a refused step of the schema leaves the database as it was', () => {
  const file = newFile();
  openFile(file).close();
  const broken = { version: SCHEMA_VERSION + 1, statements: ['CREATE TABLE half (a TEXT) STRICT', 'CREATE TABLE'] };
  assert.ok(!openDatabase(file, [...MIGRATIONS, broken]).ok);
  const names = new DatabaseSync(file).prepare("SELECT name FROM sqlite_schema WHERE name = 'half'").all();
  assert.deepEqual(names, []);
});
