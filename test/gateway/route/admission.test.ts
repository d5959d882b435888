import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAfterMs } from '../../../src/gateway/route/admission.ts';
import { managedFleet, planOf, Stage } from './stage.ts';

/** A stage whose model `m` takes `serviceMs` for a request. */
function measured(slots: number | undefined, serviceMs: number, backends: readonly string[] = ['a']): Stage {
  const stage = new Stage(managedFleet(slots, backends));
  stage.warm();
  for (const replica of stage.fleet.replicas.values()) replica.speed.serviceMs = serviceMs;
  return stage;
}

test('a client is told to come back after a whole number of seconds, from 1 to 60', () => {
  for (const expectedMs of [0, 1, 3000, 100_000, 10_000_000, Infinity])
    for (const random of [0, 0.5, 1]) {
      const afterMs = retryAfterMs(expectedMs, random);
      assert.ok(Number.isInteger(afterMs) && afterMs >= 1000 && afterMs <= 60_000, String(afterMs));
    }
});

test('a request waits for the rest of the running one, and not for a whole service time', () => {
  const stage = measured(1, 60_000);
  const running = stage.arrive();
  stage.nowMs += 59_500;
  const [next, behind] = [stage.arrive({ maxWaitMs: 1000 }), stage.arrive({ maxWaitMs: 1000 })];
  assert.deepEqual([stage.outcomeOf(next), stage.outcomeOf(behind)], ['waits', 'reject'], 'the second waits 60.5 s');
  stage.nowMs += 500;
  stage.release(running);
  assert.equal(stage.outcomeOf(next), 'm@a');
});

test('with answers that take longer than the limit, a second request is admitted once the first has run for a while', () => {
  const stage = measured(1, 90_000);
  stage.arrive();
  stage.nowMs += 20_000;
  assert.partialDeepStrictEqual(stage.decisionFor(stage.arrive()), { kind: 'reject', reason: 'queue-timeout' });
  stage.nowMs += 15_000;
  assert.equal(stage.outcomeOf(stage.arrive()), 'waits');
});

test('with several slots and servers, the first slot that comes free counts', () => {
  const stage = measured(2, 60_000, ['a', 'b']);
  for (const waitMs of [25_000, 20_000, 10_000, 4000]) {
    stage.arrive();
    stage.nowMs += waitMs;
  }
  const limits = [1500, 25_000, 27_000, 45_000, 47_000].map((maxWaitMs) => ({ maxWaitMs }));
  const waiters = limits.map((limit) => stage.arrive(limit));
  assert.deepEqual(
    waiters.map((request) => stage.outcomeOf(request)),
    ['waits', 'reject', 'waits', 'reject', 'waits'],
    'slots come free after 1, 26, 46, 56 and 61 s',
  );
});

test('a request that runs longer than usual is about to end', () => {
  const stage = measured(1, 5000);
  stage.arrive();
  stage.nowMs += 30_000;
  assert.equal(stage.outcomeOf(stage.arrive({ maxWaitMs: 1 })), 'waits');
});

test('an abandoned prompt takes its slot until its expected end', () => {
  const stage = measured(1, 5000);
  const running = stage.arrive();
  stage.nowMs += 1000;
  stage.release(running, 'cancelled', { promptBytes: 160_000, abandoned: true });
  const restMs = (stage.fleet.replicas.get('a#m')?.abandonedPrefills[0]?.untilMs ?? 0) - stage.nowMs;
  assert.ok(restMs > 1000);
  const limits = [restMs - 100, restMs + 100].map((maxWaitMs) => stage.arrive({ maxWaitMs }));
  assert.deepEqual(
    limits.map((request) => stage.outcomeOf(request)),
    ['reject', 'waits'],
  );
});

test('the ends of requests are forgotten with them, and servers that queue requests admit every one', () => {
  const stage = measured(3, 1000);
  const requests = [stage.arrive(), stage.arrive(), stage.arrive()];
  for (const request of requests.toReversed()) stage.release(request);
  assert.deepEqual(stage.fleet.replicas.get('a#m')?.runningSinceMs, []);
  const open = new Stage(planOf('a'));
  for (const request of [open.arrive(), open.arrive()]) assert.equal(open.outcomeOf(request), 'm@a');
  assert.deepEqual(open.fleet.replicas.get('a#m')?.runningSinceMs, []);
});
