import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Listing } from '../../../src/gateway/route/residency.ts';
import { Poller } from '../../../src/gateway/scheduler/poller.ts';

test('calls during a list share one more list after it', async () => {
  const asked: PromiseWithResolvers<Listing | undefined>[] = [];
  const listings: Listing[] = [];
  const listing = (askedMs: number): Listing => ({ models: [], askedMs });
  const list = async (): Promise<Listing | undefined> => {
    const question = Promise.withResolvers<Listing | undefined>();
    asked.push(question);
    return question.promise;
  };
  const poller = new Poller({
    backends: () => ['a'],
    isLoading: () => false,
    list,
    onListed: (_backend, one) => listings.push(one),
  });
  const settle = async (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve);
    });
  poller.pollNow();
  poller.pollNow();
  poller.pollNow();
  assert.equal(asked.length, 1);
  asked[0]?.resolve(listing(1));
  await settle();
  assert.equal(asked.length, 2);
  asked[1]?.resolve(listing(2));
  await settle();
  assert.deepEqual([asked.length, listings], [2, [listing(1), listing(2)]]);
  poller.pollNow();
  poller.pollNow();
  poller.close();
  asked[2]?.resolve(listing(3));
  await settle();
  assert.deepEqual([asked.length, listings.length], [3, 2], 'no list after close');
});

test('backends are listed every 2 s, and every 0.25 s while a load runs there', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const asked: string[] = [];
  const loading = new Set<string>();
  const poller = new Poller({
    backends: () => ['a', 'b'],
    isLoading: (backend) => loading.has(backend),
    list: async (backend) => {
      asked.push(backend);
      return Promise.resolve(undefined);
    },
    onListed: () => undefined,
  });
  const during = async (ms: number): Promise<string> => {
    for (let passed = 0; passed < ms; passed += 250) {
      t.mock.timers.tick(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return asked.splice(0).join('');
  };
  assert.equal(await during(4000), 'abab');
  loading.add('b');
  assert.equal(await during(2000), 'bbbbbbbab');
  loading.clear();
  assert.equal(await during(2000), 'ab');
  poller.close();
});
