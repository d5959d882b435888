import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createQueue,
  enqueue,
  nextWaiters,
  queueLength,
  remove,
  type Waiter,
} from '../../../src/gateway/route/queue.ts';

test('of retries that have tried the same deployments only the first may go next, so that an event costs the same for any number', () => {
  const queue = createQueue('k', 'm', ['a', 'b']);
  const retry = (request: string, tried: readonly string[]): Waiter => ({
    request,
    deployments: ['a', 'b'],
    tried,
    isRetry: true,
    sinceMs: 0,
    maxWaitMs: Infinity,
    untilMs: Infinity,
    loadMsBefore: 0,
  });
  for (let index = 0; index < 1000; index += 1) {
    enqueue(queue, retry(`a${String(index)}`, ['a']));
    enqueue(queue, retry(`b${String(index)}`, ['b']));
  }
  const next = (): readonly string[] => [...nextWaiters(queue, 0)].map(({ request }) => request);
  assert.deepEqual(next(), ['a0', 'b0']);
  remove(queue, 'a0');
  assert.deepEqual(next(), ['a1', 'b0']);
  for (let index = 0; index < 1000; index += 1) remove(queue, `b${String(index)}`);
  assert.deepEqual([next(), queueLength(queue)], [['a1'], 999]);
});
