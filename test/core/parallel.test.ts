import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { mapInParallel, startInParallel } from '../../src/core/parallel.ts';

test('no more than the limit are worked on at once, and all places are used', async () => {
  let [running, most] = [0, 0];
  const work = async (item: number): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < 1 + (item % 4); turn += 1) await setImmediate();
    running -= 1;
    return item * 2;
  };
  const items = Array.from({ length: 100 }, (_, index) => index);
  for (const limit of [1, 3, 10, 1000]) {
    most = 0;
    assert.deepEqual(
      await mapInParallel(items, limit, work),
      items.map((item) => item * 2),
    );
    assert.equal(most, Math.min(limit, items.length));
  }
});

test('a failure gives its place to the next one', async () => {
  const begun: number[] = [];
  const results = startInParallel([0, 1, 2], 1, (item) => {
    begun.push(item);
    return item === 0 ? Promise.reject(new Error('broken')) : Promise.resolve(item);
  });
  const settled = await Promise.allSettled(results);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  assert.deepEqual(begun, [0, 1, 2]);
});
