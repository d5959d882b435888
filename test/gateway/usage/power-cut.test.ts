import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { startProcess } from './process-stage.ts';
import { newFolder, rowsIn, sumsIn } from './stage.ts';

const FILES = ['gateway.db', 'gateway.db-wal'];

/** Copies the remains of a power cut: the database as it was last brought to the disk, and the journal of this moment. */
function cut(state: string, synced: string): string {
  const left = newFolder();
  for (const name of FILES) if (existsSync(join(synced, name))) copyFileSync(join(synced, name), join(left, name));
  cpSync(join(state, 'journal'), join(left, 'journal'), { recursive: true });
  return left;
}

test('a power cut between any two steps loses no row, and counts none twice', async () => {
  const [state, synced] = [newFolder(), newFolder()];
  const one = await startProcess(state, 20_000);
  const sync = one.store.syncUsage.bind(one.store);
  let syncs = 0;
  one.store.syncUsage = async () => {
    await sync();
    syncs += 1;
    for (const name of FILES) copyFileSync(join(state, name), join(synced, name));
    return undefined;
  };
  const cuts: (readonly [left: string, rows: number])[] = [];
  let rows = 0;
  const cutNow = (): void => {
    cuts.push([cut(state, synced), rows]);
  };
  for (let round = 0; round < 12; round += 1) {
    one.serve(30);
    rows += 30;
    if (round % 3 === 0) cutNow();
    await one.feed.run();
    if (round % 2 === 0) cutNow();
  }
  await one.close();
  cutNow();
  assert.ok(syncs > 1 && syncs < 12, `${String(syncs)} syncs`);
  for (const [left, served] of cuts) {
    const next = await startProcess(left);
    await next.feed.run();
    await next.close();
    assert.equal(rowsIn(left).length, served);
    assert.equal(sumsIn(left, 'day')[0]?.['requests'], served);
    assert.deepEqual(readdirSync(join(left, 'journal')), []);
  }
});

test('files of the journal stay while the database cannot be brought to the disk', async () => {
  const state = newFolder();
  const one = await startProcess(state, 2000);
  const sync = one.store.syncUsage.bind(one.store);
  one.store.syncUsage = async () => Promise.reject(new Error('disk I/O error'));
  one.serve(50);
  await one.feed.run();
  const files = readdirSync(join(state, 'journal')).length;
  assert.ok(files > 5);
  assert.deepEqual(one.log.map(({ event, reason }) => [event, reason]).slice(-1), [
    ['usage-not-stored', 'disk I/O error'],
  ]);
  one.store.syncUsage = sync;
  one.serve(1);
  await one.feed.run();
  assert.ok(readdirSync(join(state, 'journal')).length < 4);
  one.serve(50);
  one.store.syncUsage = async () => Promise.reject(new Error('disk I/O error'));
  await one.close();
  assert.ok(readdirSync(join(state, 'journal')).length > 5);
  const two = await startProcess(state);
  await two.feed.run();
  await two.close();
  assert.equal(rowsIn(state).length, 101);
  assert.deepEqual(sumsIn(state, 'key')[0]?.['requests'], 101);
  assert.deepEqual(readdirSync(join(state, 'journal')), []);
});
