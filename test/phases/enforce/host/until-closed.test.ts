import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilClosed } from '../../../../src/phases/enforce/host/until-closed.ts';

test('hosts are let go at once, each in the reverse order of what was opened', { timeout: 10_000 }, async () => {
  const ends: string[] = [];
  const all = Promise.withResolvers<undefined>();
  await untilClosed({}, ({ opened }) => {
    for (const host of ['first', 'second', 'third']) {
      const stack = opened();
      stack.defer(() => void ends.push(`${host} closed`));
      // Would wait for ever if the hosts ended one after the other.
      stack.defer(async () => {
        ends.push(`${host} released`);
        if (ends.length === 3) all.resolve(undefined);
        await all.promise;
      });
    }
    return Promise.resolve();
  });
  assert.deepEqual(ends, [
    ...['first', 'second', 'third'].map((host) => `${host} released`),
    ...['first', 'second', 'third'].map((host) => `${host} closed`),
  ]);
});

test('a host that cannot be let go keeps no other one', async () => {
  const closed: string[] = [];
  const work = untilClosed({}, ({ opened }) => {
    opened().defer(() => Promise.reject(new Error('gone')));
    opened().defer(() => void closed.push('second'));
    return Promise.resolve();
  });
  await assert.rejects(work, /gone/);
  assert.deepEqual(closed, ['second']);
});
