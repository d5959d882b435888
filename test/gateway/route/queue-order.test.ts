import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flowOf, createFlows } from '../../../src/gateway/route/flow.ts';
import {
  createQueue,
  enqueue,
  inOrderOfArrival,
  queueLength,
  remove,
  type Waiter,
} from '../../../src/gateway/route/queue.ts';

test('of retries that have tried the same deployments only the first may go next, so that an event costs the same for any number', () => {
  const queue = createQueue('k', 'm', ['a', 'b'], 0);
  const flow = flowOf(createFlows(), { key: '', user: undefined });
  const retry = (request: string, tried: readonly string[]): Waiter => ({
    request,
    deployments: ['a', 'b'],
    tried,
    isRetry: true,
    sinceMs: 0,
    maxWaitMs: Infinity,
    untilMs: Infinity,
    loadMsBefore: 0,
    queuedMs: 0,
    loadedMs: 0,
    dueMs: Infinity,
    estimate: { promptTokens: 1, outTokens: 1, prefix: [] },
    unreadTokens: 1,
    flow,
    batch: false,
    recallable: undefined,
  });
  const waiters = (name: string): readonly Waiter[] =>
    Array.from({ length: 1000 }, (_, index) => retry(`${name}${String(index)}`, [name]));
  const [first, second] = [waiters('a'), waiters('b')];
  for (const waiter of [...first, ...second]) enqueue(queue, waiter, 0);
  const next = (): readonly string[] => [...inOrderOfArrival(queue, 0)].map(({ request }) => request);
  assert.deepEqual(next(), ['a0', 'b0']);
  for (const waiter of first.slice(0, 1)) remove(queue, waiter, 0);
  assert.deepEqual(next(), ['a1', 'b0']);
  for (const waiter of second) remove(queue, waiter, 0);
  assert.deepEqual([next(), queueLength(queue)], [['a1'], 999]);
});
