import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { timeOrderedId } from '../../../src/core/id.ts';
import type { SpentAmount } from '../../../src/gateway/store/usage-store.ts';
import { startProcess } from '../usage/process-stage.ts';
import { newFolder, rowsIn, select } from '../usage/stage.ts';

type Process = Awaited<ReturnType<typeof startProcess>>;

/** Serves a request of 11 tokens that costs 0.5, and is spent by a key in a period. */
function spend({ recorder }: Process, owner: string, startMs: number): void {
  const head = `"${timeOrderedId(Date.now())}",${JSON.stringify(['k', null, null, null, [], 'openai', null]).slice(1, -1)}`;
  const server = '"a","m","http://s","resident"';
  const open = recorder.begin(head, server);
  recorder.end(
    open,
    server,
    '200,"answered",10,1,0,0.5,0,0,1,2',
    JSON.stringify([
      [owner, startMs],
      ['team t', 0],
    ]),
  );
}

const seen = async ({ store }: Process, own = 'nobody', revision = 0): Promise<readonly SpentAmount[]> =>
  (await store.spentSince(revision, own)).amounts;
const totalOf = (amounts: readonly SpentAmount[], of: string): number =>
  amounts.filter(({ owner }) => owner === of).reduce((sum, { tokens }) => sum + tokens, 0);

test('rows add to what their owners have spent in the same transaction, once, and a later period begins with nothing', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  const { name } = one.recorder.journal;
  spend(one, 'key k', 1000);
  spend(one, 'key k', 1000);
  await one.feed.run();
  assert.deepEqual(await seen(one), [
    { owner: 'key k', journal: name, startMs: 1000, tokens: 22, money: 1 },
    { owner: 'team t', journal: name, startMs: 0, tokens: 22, money: 1 },
  ]);
  assert.deepEqual(await seen(one, name), []);
  const { revision } = await one.store.spentSince(0, 'nobody');
  assert.deepEqual(await seen(one, 'nobody', revision), []);
  // A row of a period that is over comes late.
  spend(one, 'key k', 2000);
  spend(one, 'key k', 1000);
  await one.feed.run();
  assert.partialDeepStrictEqual(await seen(one), [
    { owner: 'key k', startMs: 2000, tokens: 11, money: 0.5 },
    { tokens: 44 },
  ]);
  await one.close();
});

test('a journal that was left adds what is missing, is added up when it is gone, and the sum never changes', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  for (let count = 0; count < 5; count += 1) spend(one, 'key k', 0);
  await one.feed.run();
  const [segment] = one.recorder.journal.segments;
  assert.ok(segment !== undefined);
  spend(one, 'key k', 0);
  const text = readFileSync(segment.file);
  const folder = join(state, 'journal');
  await one.close();
  // As after a kill: five of its rows are in the database, all six in its journal.
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'dead-1.000001.jsonl'), text);
  const two = await startProcess(state);
  await two.feed.run();
  assert.equal(rowsIn(state).length, 6);
  assert.deepEqual(
    readdirSync(folder).filter((file) => file.startsWith('dead')),
    [],
  );
  assert.equal(totalOf(await seen(two), 'key k'), 66);
  const ended = select(state, "SELECT tokens FROM spent WHERE owner = 'key k' AND journal = ''");
  assert.deepEqual(ended, [{ tokens: 66 }]);
  while (await two.store.pruneUsage(Date.now()));
  assert.equal(select(state, 'SELECT * FROM spent').length, 2);
  assert.equal(totalOf(await seen(two), 'key k'), 66);
  await two.close();
});

test('two processes see each other’s part, and a reset sets the sum of both', async () => {
  const state = newFolder();
  const [one, two] = [await startProcess(state), await startProcess(state)];
  spend(one, 'key k', 0);
  spend(two, 'key k', 0);
  await Promise.all([one.feed.run(), two.feed.run()]);
  assert.equal(totalOf(await seen(one, one.recorder.journal.name), 'key k'), 11);
  await one.store.resetSpent('key k', 0, { tokens: 3 });
  const money = (await seen(two)).filter(({ owner }) => owner === 'key k').reduce((sum, part) => sum + part.money, 0);
  assert.deepEqual([totalOf(await seen(two), 'key k'), money], [3, 1]);
  spend(two, 'key k', 0);
  await two.close();
  await one.store.recoverUsage(join(state, 'journal'), one.recorder.journal.name);
  assert.equal(totalOf(await seen(one), 'key k'), 14);
  await one.close();
});

test('a line about a budget is noted once for its period and limit, of all processes, and again behind a reset', async () => {
  const state = newFolder();
  const [one, other] = [await startProcess(state), await startProcess(state)];
  const notice = { owner: 'key k', unit: 'tokens', startMs: 1000, limit: 50, percent: 80 } as const;
  const both = await Promise.all([one, other].map(({ store }) => store.tellBudget(notice)));
  assert.equal(both.filter((isFirst) => isFirst).length, 1);
  const full = { ...notice, percent: 100 };
  assert.deepEqual([await one.store.tellBudget(full), await other.store.tellBudget(full)], [true, false]);
  // Less of it, another limit, another unit, another owner, the next period, the one before.
  assert.equal(await one.store.tellBudget(notice), false);
  for (const more of [{ limit: 60 }, { unit: 'money' }, { owner: 'key l' }, { startMs: 2000 }] as const)
    assert.deepEqual(
      [await one.store.tellBudget({ ...notice, ...more }), await other.store.tellBudget({ ...notice, ...more })],
      [true, false],
      JSON.stringify(more),
    );
  assert.equal(await one.store.tellBudget(full), false);
  // 45 of 60 are less than 80 %, and 45 of 50 are not.
  await one.store.resetSpent('key k', 2000, { tokens: 45 });
  assert.equal(await one.store.tellBudget({ ...notice, limit: 60 }), true);
  assert.equal(await one.store.tellBudget({ ...notice, startMs: 2000 }), false);
  for (const each of [one, other]) await each.close();
});

test('rows of a period that a wrong clock has begun years ahead do not stand for those of today', async () => {
  const state = newFolder();
  const one = await startProcess(state);
  const [today, ahead] = [Date.now(), Date.now() + 30 * 365 * 86_400_000];
  for (const startMs of [ahead, today, ahead, today]) {
    spend(one, 'key k', startMs);
    await one.feed.run();
  }
  assert.partialDeepStrictEqual(
    (await seen(one)).find(({ owner }) => owner === 'key k'),
    { startMs: today, tokens: 22 },
  );
  await one.close();
});
