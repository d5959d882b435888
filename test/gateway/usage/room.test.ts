import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startProcess } from './process-stage.ts';
import { linesIn, newFolder, rowsIn, select } from './stage.ts';

const MIB = 1024 * 1024;

test('a gateway that is never idle gets its rows into the database, however small its journal is', async () => {
  const state = newFolder();
  const one = await startProcess(state, undefined, { journalBytes: MIB / 4 });
  let open = one.begin();
  for (let pass = 0; pass < 8; pass += 1) {
    for (let request = 0; request < 400; request += 1) {
      const next = one.begin();
      one.end(open);
      open = next;
    }
    await one.feed.run();
    assert.equal(rowsIn(state).length, (pass + 1) * 400);
    assert.equal(one.recorder.journal.isFull, false);
  }
  one.end(open);
  await one.close();
  assert.equal(rowsIn(state).length, 8 * 400 + 1);
  assert.deepEqual(one.log, []);
});

test('rows in memory are written at a stop, once there is room', async () => {
  const state = newFolder();
  const one = await startProcess(state, 4000, { journalBytes: 20_000 });
  one.away(true);
  one.serve(100);
  assert.ok(one.recorder.journal.heldRows > 0);
  const closed = one.close();
  await sleep(150);
  one.away(false);
  await closed;
  assert.equal(rowsIn(state).length, 100);
  assert.deepEqual(
    one.log.map(({ event }) => event).filter((event) => event !== 'usage-journal'),
    ['usage-not-written', 'usage-not-stored', 'usage-waiting', 'usage-stored-again', 'usage-written-again'],
  );
});

test('a stop at once tells the rows that it loses, and those that had begun are found by the next process', async () => {
  const state = newFolder();
  const one = await startProcess(state, 4000, { journalBytes: 20_000 });
  one.away(true);
  const begun = [one.begin(), one.begin()];
  one.serve(100);
  for (const open of begun) one.end(open);
  const held = one.recorder.journal.heldRows;
  await one.feed.close(AbortSignal.abort());
  await one.store.close();
  assert.partialDeepStrictEqual(one.log.at(-1), { event: 'usage-lost', rows: held });
  assert.equal(one.recorder.journal.lostRows, held);
  const written = linesIn(state).filter(([kind]) => kind === 'e').length;
  assert.equal(written + held, 102);
  const next = await startProcess(state);
  await next.feed.run();
  const rows = rowsIn(state);
  assert.equal(rows.filter(({ ended }) => ended === 'answered').length, written);
  // The lines of a turn are held together, so that most of the others have not even begun on the disk.
  assert.ok(rows.filter(({ ended }) => ended === 'lost').length >= 2);
  assert.deepEqual(select(state, 'SELECT count(*) AS rows FROM usage'), [{ rows: rows.length }]);
  await next.close();
});
