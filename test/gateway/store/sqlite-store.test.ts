import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { KeyFollower } from '../../../src/gateway/keys/key-follower.ts';
import { StoredKeys } from '../../../src/gateway/keys/stored-keys.ts';
import { apiKeyHash } from '../../../src/core/api-key.ts';
import { StoreError, type KeyStore } from '../../../src/gateway/store/key-store.ts';
import { openSqliteStore } from '../../../src/gateway/store/sqlite-store.ts';
import { until } from '../../until.ts';
import { keyRecord } from './record.ts';

const folder = mkdtempSync(join(tmpdir(), 'hxllm-store-'));
after(() => {
  rmSync(folder, { recursive: true });
});

async function openStore(name: string): Promise<KeyStore> {
  const opened = await openSqliteStore(join(folder, name));
  assert.ok(opened.ok, JSON.stringify(opened));
  return opened.value;
}

test('two instances write side by side, and each soon has the keys of the other', async () => {
  const [one, two] = [await openStore('both.db'), await openStore('both.db')];
  const [ofOne, ofTwo] = [new StoredKeys(), new StoredKeys()];
  const errors: string[] = [];
  const onError = (reason: string): number => errors.push(reason);
  const followers = [new KeyFollower(one, ofOne, onError), new KeyFollower(two, ofTwo, onError)];
  await Promise.all(followers.map((follower) => follower.follow()));
  const commits = Array.from({ length: 60 }, (_, index) =>
    (index % 2 === 0 ? one : two).commit([keyRecord(`sk-${String(index)}`)]),
  );
  for (const commit of await Promise.all(commits)) assert.ok(commit.ok);
  await until('both have all keys', () => ofOne.size === 60 && ofTwo.size === 60);
  assert.deepEqual(errors, []);
  assert.equal(ofTwo.get(apiKeyHash('sk-0'), 0)?.alias, '0');
  // The revisions of both form one order.
  const revisions = (await one.since('key', 0, 100)).map(({ revision }) => revision);
  assert.deepEqual(
    revisions,
    Array.from({ length: 60 }, (_, index) => index + 1),
  );
  const [first] = (await one.find({ kind: 'key', ids: ['key-sk-0'], nowMs: 0 })).records;
  assert.ok((await one.commit([keyRecord('sk-0', {}, { expected: first?.revision ?? 0, deletedMs: 1 })])).ok);
  await until('a deleted key is gone from the other', () => ofTwo.get(apiKeyHash('sk-0'), 0) === undefined);
  await one.close();
  await two.close();
  await assert.rejects(one.find({ kind: 'key', nowMs: 0 }), StoreError);
});

test('more records than fit in one page are all followed', async () => {
  const store = await openStore('many.db');
  const records = Array.from({ length: 1200 }, (_, index) => keyRecord(`sk-${String(index)}`));
  assert.ok((await store.commit(records)).ok);
  const keys = new StoredKeys();
  await new KeyFollower(store, keys, assert.fail).follow();
  assert.equal(keys.size, 1200);
  await store.close();
});

test('a file that cannot be opened is a Problem, and leaves no thread', async () => {
  const file = join(folder, 'garbage.db');
  writeFileSync(file, 'x'.repeat(10_000));
  const opened = await openSqliteStore(file);
  assert.ok(!opened.ok);
  assert.equal(opened.problems[0].code, 'state.damaged');
});
