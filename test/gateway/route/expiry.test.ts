import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { expiredWaiters } from '../../../src/gateway/route/expiry.ts';
import { createFlows, flowOf } from '../../../src/gateway/route/flow.ts';
import {
  createQueue,
  enqueue,
  loadClock,
  markLate,
  remove,
  setLoading,
  waitedMs,
  waitersOf,
  type Waiter,
} from '../../../src/gateway/route/queue.ts';

const LIMIT_MS = fc.constantFrom(0, 100, 500, 2000, Infinity);

test('the waiters that have waited for too long are those that a look at all of them finds, in the order of the queue', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ kind: fc.constant('arrive' as const), maxWaitMs: LIMIT_MS, leftMs: LIMIT_MS, late: fc.nat(400) }),
          fc.record({ kind: fc.constantFrom('leave' as const, 'late' as const), which: fc.nat(50) }),
          fc.record({ kind: fc.constant('load' as const), isLoading: fc.boolean() }),
          fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(700) }),
        ),
        { maxLength: 80, size: 'max' },
      ),
      (steps) => {
        const queue = createQueue('k', 'm', ['a'], 0);
        const flows = createFlows();
        let nowMs = 0;
        for (const [index, step] of steps.entries()) {
          const waiting = [...waitersOf(queue)];
          if (step.kind === 'pass') nowMs += step.ms;
          else if ('isLoading' in step) setLoading(queue, step.isLoading, nowMs);
          else if (step.kind === 'arrive') {
            const waiter: Waiter = {
              request: String(index),
              deployments: ['a'],
              tried: index % 5 === 0 ? ['a'] : [],
              isRetry: index % 10 === 0,
              sinceMs: nowMs - step.late,
              maxWaitMs: step.maxWaitMs,
              untilMs: nowMs + step.leftMs,
              loadMsBefore: loadClock(queue, nowMs),
              queuedMs: nowMs,
              loadedMs: 0,
              dueMs: nowMs + 2000,
              estimate: { promptTokens: 1, outTokens: 1, prefix: [] },
              unreadTokens: 1,
              flow: flowOf(flows, { key: 'k', user: String(index % 3) }),
              batch: index % 7 === 0,
              recallable: undefined,
            };
            enqueue(queue, waiter, nowMs);
          } else {
            const waiter = waiting[step.which % Math.max(1, waiting.length)];
            if (waiter !== undefined && step.kind === 'leave') remove(queue, waiter, nowMs);
            else if (waiter !== undefined) markLate(queue, waiter);
          }
          const expired = [...waitersOf(queue)].filter(
            (waiter) => nowMs >= waiter.untilMs || waitedMs(queue, waiter, nowMs) > waiter.maxWaitMs,
          );
          assert.deepEqual(
            expiredWaiters(queue, nowMs).map(({ request }) => request),
            expired.map(({ request }) => request),
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});
