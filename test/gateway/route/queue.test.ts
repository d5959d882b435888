import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitQueue } from '../../../src/gateway/route/admission.ts';
import { managedFleet, POLICY, Stage } from './stage.ts';

test('a model gets no more requests than slots, and the oldest waiter gets the next free slot', () => {
  const stage = new Stage(managedFleet(2, ['a']));
  stage.warm();
  const requests = Array.from({ length: 5 }, () => stage.arrive());
  assert.deepEqual(
    requests.map((request) => stage.outcomeOf(request)),
    ['m@a', 'm@a', 'waits', 'waits', 'waits'],
  );
  stage.release('r3');
  assert.deepEqual(
    requests.map((request) => stage.outcomeOf(request)),
    ['m@a', 'm@a', 'm@a', 'waits', 'waits'],
  );
});

test('a free slot on any backend goes to the oldest waiter', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.warm();
  const [, onB, waiting, next] = [stage.arrive(), stage.arrive(), stage.arrive(), stage.arrive()];
  stage.release(onB);
  assert.deepEqual([stage.outcomeOf(waiting), stage.outcomeOf(next)], [stage.outcomeOf(onB), 'waits']);
});

test('a request on time goes before a late one', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  const [running, late] = [stage.arrive(), stage.arrive()];
  stage.pass(3000);
  const onTime = stage.arrive();
  stage.release(running);
  assert.deepEqual([stage.outcomeOf(onTime), stage.outcomeOf(late)], ['m@a', 'waits']);
  stage.release(onTime);
  assert.equal(stage.outcomeOf(late), 'm@a');
});

test('with two aliases of one model, the older request goes first', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  const running = stage.arrive();
  const first = stage.arrive({ queue: 'other' });
  const second = stage.arrive();
  stage.nowMs += 1;
  stage.release(running);
  assert.deepEqual([stage.outcomeOf(first), stage.outcomeOf(second)], ['m@a', 'waits']);
});

test('a retry goes first, and not to the backend that failed', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.warm();
  const [onA, onB, waiting] = [
    stage.arrive({ deployments: ['m@a'], queue: 'a' }),
    stage.arrive({ deployments: ['m@b'], queue: 'b' }),
    stage.arrive(),
  ];
  const isRetry = stage.arrive({ tried: ['m@a'] });
  stage.release(onA);
  assert.deepEqual(
    [stage.outcomeOf(isRetry), stage.outcomeOf(waiting)],
    ['waits', 'm@a'],
    'it does not hold up the others',
  );
  const behind = stage.arrive();
  stage.release(onB);
  assert.deepEqual([stage.outcomeOf(isRetry), stage.outcomeOf(behind)], ['m@b', 'waits']);
});

test('a full queue rejects at once, and so does one with too long an expected wait', () => {
  const stage = new Stage(managedFleet(1, ['a']), { ...POLICY, admit: limitQueue(3) });
  stage.warm();
  const running = stage.arrive();
  stage.nowMs += 30_000;
  stage.release(running);
  stage.arrive();
  const waiting = stage.arrive();
  const late = stage.arrive({ maxWaitMs: 10_000 });
  assert.equal(stage.outcomeOf(waiting), 'waits');
  assert.partialDeepStrictEqual(stage.decisionFor(late), { kind: 'reject', reason: 'queue-timeout' });
  stage.arrive();
  stage.arrive();
  const full = stage.decisionFor(stage.arrive());
  assert.ok(full?.kind === 'reject' && full.reason === 'queue-full');
  assert.ok(full.retryAfterMs >= 1000 && full.retryAfterMs < 60_000, String(full.retryAfterMs));
});

test('a request past its limit is rejected, and one whose client left is removed', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  const running = stage.arrive();
  const [leaves, waits, hurries] = [stage.arrive(), stage.arrive(), stage.arrive({ untilMs: 1000 })];
  stage.apply({ kind: 'left', request: leaves });
  stage.pass(1000);
  assert.equal(stage.outcomeOf(hurries), 'reject');
  stage.pass(58_000);
  assert.equal(stage.outcomeOf(waits), 'waits');
  stage.pass(1100);
  assert.partialDeepStrictEqual(stage.decisionFor(waits), { kind: 'reject', reason: 'queue-timeout' });
  stage.release(running);
  assert.deepEqual([stage.decisionFor(leaves), stage.fleet.waiting.size], [undefined, 0]);
});

test('waiters are rejected when no backend is left for them', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  const running = stage.arrive();
  const waiting = stage.arrive();
  stage.release(running, 'backend-failed');
  assert.partialDeepStrictEqual(stage.decisionFor(waiting), { kind: 'reject', reason: 'no-backend' });
});
