import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { timeOrderedId } from '../../../src/core/id.ts';
import { startProcess } from './process-stage.ts';
import { newFolder, rowsIn, select, sumsIn } from './stage.ts';

test('rows go through many segments into the store once, with sums of days, and leave no file', async () => {
  const state = newFolder();
  const one = await startProcess(state, 2000);
  const open = one.begin('slow');
  one.serve(200);
  await one.feed.run();
  assert.equal(rowsIn(state).length, 200);
  // The first segment has the beginning of a request that is open.
  assert.equal(one.recorder.journal.segments.length, 2);
  one.end(open, 5);
  await one.feed.run();
  await one.close();
  assert.deepEqual(readdirSync(join(state, 'journal')), []);
  const sums = { lost: 0, prompt_tokens: 2010, completion_tokens: 205, requests: 201 };
  for (const [dimension, value] of [
    ['day', ''],
    ['team', ''],
    ['model', 'a'],
    ['backend', 'http://s'],
    ['tag', 't'],
    ['user', ''],
  ] as const)
    assert.deepEqual(sumsIn(state, dimension), [{ value, ...sums }]);
  assert.deepEqual(
    sumsIn(state, 'key').map(({ value, requests }) => [value, requests]),
    [
      ['k', 200],
      ['slow', 1],
    ],
  );
});

test('two processes side by side store their own rows, and neither touches the journal of the other', async () => {
  const state = newFolder();
  const [one, two] = [await startProcess(state, 3000), await startProcess(state, 3000)];
  const open = one.begin();
  for (let round = 0; round < 5; round += 1) {
    one.serve(20, 'one');
    two.serve(20, 'two');
    await Promise.all([one.feed.run(), two.feed.run()]);
  }
  await two.close();
  one.end(open);
  await one.close();
  assert.equal(rowsIn(state).length, 201);
  assert.equal(rowsIn(state).filter(({ ended }) => ended === 'lost').length, 0);
  assert.deepEqual(readdirSync(join(state, 'journal')), []);
});

test('a lock tells the journal of a process that runs from that of one that has ended', async () => {
  const state = newFolder();
  const folder = join(state, 'journal');
  const one = await startProcess(state);
  one.serve(3);
  const two = await startProcess(state);
  assert.equal((await two.store.recoverUsage(folder, two.recorder.journal.name)).more, false);
  // It stops while its store is away: the rest stays.
  one.away(true);
  one.serve(2);
  await one.close();
  assert.equal(readdirSync(folder).filter((name) => name.endsWith('.jsonl')).length, 1);
  await two.feed.run();
  await two.close();
  assert.equal(rowsIn(state).length, 5);
  assert.deepEqual(readdirSync(folder), []);
});

test('a journal that is found is stored once, its open requests are lost, and damaged lines cost themselves alone', async () => {
  const state = newFolder();
  const folder = join(state, 'journal');
  const one = await startProcess(state);
  const open = one.begin('cut');
  one.serve(3);
  await one.feed.run();
  const [segment] = one.recorder.journal.segments;
  assert.ok(segment !== undefined);
  // A process that was killed leaves lines that are stored and lines that are not.
  const left = join(folder, 'dead-1.000001.jsonl');
  const lines = [
    `["b",${open.head},"a","m","s","r"]`,
    'no line of a journal',
    `["b","${timeOrderedId(1)}"]`,
    `["e","${timeOrderedId(Date.now())}","k",null,null,null,[],"openai",null,"a","m","s","r",200,"answered",1,2,0,0,0,0,0,0]`,
  ];
  writeFileSync(left, lines.join('\n'));
  appendFileSync(left, `\n["e","${timeOrderedId(Date.now())}","k",null,nu`);
  const two = await startProcess(state);
  await two.feed.run();
  const lost = rowsIn(state).filter(({ ended }) => ended === 'lost');
  assert.deepEqual(
    lost.map(({ key_id }) => key_id),
    ['cut'],
  );
  assert.equal(rowsIn(state).length, 5);
  assert.equal(two.feed.counts.damaged, 3);
  assert.equal(sumsIn(state, 'day')[0]?.['requests'], 5);
  // Its end comes all the same, from the process that runs: it was known.
  one.end(open);
  await one.close();
  await two.close();
  assert.equal(rowsIn(state).length, 5);
  assert.deepEqual(readdirSync(folder), []);
});

test('while the store is away rows wait in the journal, and are told of once', async () => {
  const state = newFolder();
  const one = await startProcess(state, 2000);
  one.away(true);
  one.serve(50);
  await one.feed.run();
  one.serve(50);
  await one.feed.run();
  assert.deepEqual(
    one.log.map(({ event }) => event),
    ['usage-not-stored'],
  );
  one.away(false);
  await one.feed.run();
  assert.equal(rowsIn(state).length, 100);
  assert.equal(one.recorder.journal.segments.length, 1);
  await one.close();
});

test('the age of the oldest line is told while it is not stored, also where later ones come', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  const { journal } = one.recorder;
  assert.equal(journal.waitingSinceMs, undefined);
  one.away(true);
  one.serve(2);
  const sinceMs = journal.waitingSinceMs;
  assert.ok(sinceMs !== undefined && performance.now() - sinceMs < 5000);
  await one.feed.run();
  one.serve(2);
  assert.equal(journal.waitingSinceMs, sinceMs);
  one.away(false);
  const pass = one.feed.run();
  // Not of this pass: it is as old as the pass at most.
  one.serve(1);
  await pass;
  assert.ok(journal.waitingSinceMs === undefined || journal.waitingSinceMs > sinceMs);
  await one.feed.run();
  assert.equal(journal.waitingSinceMs, undefined);
  await one.close();
});

test('a full journal is told from 80 percent on, holds rows in memory, and writes them when there is room', async () => {
  const state = newFolder();
  const one = await startProcess(state, 4000, { journalBytes: 40_000, whenFull: 'refuse' });
  one.away(true);
  one.serve(130);
  await one.feed.run();
  assert.deepEqual(
    one.log.map(({ event, state: fill }) => `${String(event)} ${String(fill)}`),
    ['usage-not-stored undefined', 'usage-journal nearly-full'],
  );
  assert.equal(one.recorder.isRefusing, false);
  one.serve(100);
  assert.equal(one.recorder.isRefusing, true);
  assert.equal(one.recorder.journal.lostRows, 0);
  one.away(false);
  for (let pass = 0; pass < 10 && one.recorder.isRefusing; pass += 1) await one.feed.run();
  await one.feed.run();
  assert.equal(one.recorder.isRefusing, false);
  assert.equal(rowsIn(state).length, 230);
  assert.deepEqual(
    one.log.slice(2).map(({ event, state: fill }) => `${String(event)} ${String(fill)}`),
    [
      'usage-not-written undefined',
      'usage-stored-again undefined',
      'usage-written-again undefined',
      'usage-journal has-room',
    ],
  );
  await one.close();
});

test('refused requests are counted by the minute, key and limit', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  const minute = Math.floor(Date.now() / 60_000) * 60_000;
  for (let count = 0; count < 5; count += 1) one.recorder.refuse('k', 't', 'requests', minute + count);
  one.recorder.refuse('k', 't', 'tokens', minute);
  one.recorder.refuse(null, null, 'requests', minute + 60_000);
  await one.close();
  assert.deepEqual(
    select(
      state,
      'SELECT key_id, team_id, limited_by, requests FROM usage_refused ORDER BY requests DESC, key_id DESC',
    ),
    [
      { key_id: 'k', team_id: 't', limited_by: 'requests', requests: 5 },
      { key_id: 'k', team_id: 't', limited_by: 'tokens', requests: 1 },
      { key_id: null, team_id: null, limited_by: 'requests', requests: 1 },
    ],
  );
});

test('rows are removed after 90 days and sums of days after three years, in small steps', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  one.serve(2500);
  await one.feed.run();
  const day = 86_400_000;
  assert.equal(await one.store.pruneUsage(Date.now() + 89 * day), false);
  assert.equal(rowsIn(state).length, 2500);
  assert.equal(await one.store.pruneUsage(Date.now() + 91 * day), true);
  assert.equal(rowsIn(state).length, 2250);
  while (await one.store.pruneUsage(Date.now() + 91 * day));
  assert.equal(rowsIn(state).length, 0);
  assert.equal(sumsIn(state, 'day')[0]?.['requests'], 2500);
  while (await one.store.pruneUsage(Date.now() + 1097 * day));
  assert.deepEqual(sumsIn(state, 'day'), []);
  await one.close();
});
