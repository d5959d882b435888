import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitQueue } from '../../../src/gateway/route/admission.ts';
import { managedPlan, POLICY, Stage } from './stage.ts';

test('no more than the stated slots are sent to a model, and the first who waits goes when one is free', () => {
  const stage = new Stage(managedPlan(2, ['a']));
  stage.warm();
  const requests = Array.from({ length: 5 }, () => stage.arrive());
  assert.deepEqual(
    requests.map((request) => stage.placeOf(request)),
    ['m@a', 'm@a', 'waits', 'waits', 'waits'],
  );
  stage.release('r3');
  assert.deepEqual(
    requests.map((request) => stage.placeOf(request)),
    ['m@a', 'm@a', 'm@a', 'waits', 'waits'],
  );
});

test('a slot that comes free at any server takes the first who waits', () => {
  const stage = new Stage(managedPlan(1, ['a', 'b']));
  stage.warm();
  const [, onB, waiting, next] = [stage.arrive(), stage.arrive(), stage.arrive(), stage.arrive()];
  stage.release(onB);
  assert.deepEqual([stage.placeOf(waiting), stage.placeOf(next)], [stage.placeOf(onB), 'waits']);
});

test('a request before its deadline goes before one that is late already', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  const [running, late] = [stage.arrive(), stage.arrive()];
  stage.pass(3000);
  const onTime = stage.arrive();
  stage.release(running);
  assert.deepEqual([stage.placeOf(onTime), stage.placeOf(late)], ['m@a', 'waits']);
  stage.release(onTime);
  assert.equal(stage.placeOf(late), 'm@a');
});

test('between two aliases of one model the first who came goes first', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  const running = stage.arrive();
  const first = stage.arrive({ queue: 'other' });
  const second = stage.arrive();
  stage.nowMs += 1;
  stage.release(running);
  assert.deepEqual([stage.placeOf(first), stage.placeOf(second)], ['m@a', 'waits']);
});

test('a request that failed on another server goes first, and not to that server', () => {
  const stage = new Stage(managedPlan(1, ['a', 'b']));
  stage.warm();
  const [onA, onB, waiting] = [
    stage.arrive({ deployments: ['m@a'], queue: 'a' }),
    stage.arrive({ deployments: ['m@b'], queue: 'b' }),
    stage.arrive(),
  ];
  const isRetry = stage.arrive({ tried: ['m@a'] });
  stage.release(onA);
  assert.deepEqual(
    [stage.placeOf(isRetry), stage.placeOf(waiting)],
    ['waits', 'm@a'],
    'it does not hold up the others',
  );
  const behind = stage.arrive();
  stage.release(onB);
  assert.deepEqual([stage.placeOf(isRetry), stage.placeOf(behind)], ['m@b', 'waits']);
});

test('a full line refuses at once, and so does one whose turn would come too late', () => {
  const stage = new Stage(managedPlan(1, ['a']), { ...POLICY, admit: limitQueue(3) });
  stage.warm();
  const running = stage.arrive();
  stage.nowMs += 30_000;
  stage.release(running);
  stage.arrive();
  const waiting = stage.arrive();
  const late = stage.arrive({ maxWaitMs: 10_000 });
  assert.equal(stage.placeOf(waiting), 'waits');
  assert.partialDeepStrictEqual(stage.decisionFor(late), { kind: 'reject', reason: 'queue-timeout' });
  stage.arrive();
  stage.arrive();
  const full = stage.decisionFor(stage.arrive());
  assert.ok(full?.kind === 'reject' && full.reason === 'queue-full');
  assert.ok(full.retryAfterMs >= 1000 && full.retryAfterMs < 60_000, String(full.retryAfterMs));
});

test('a request past its limit is refused, and an abandoned one is dropped', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  const running = stage.arrive();
  const [leaves, waits, hurries] = [stage.arrive(), stage.arrive(), stage.arrive({ untilMs: 1000 })];
  stage.tell({ kind: 'left', request: leaves });
  stage.pass(1000);
  assert.equal(stage.placeOf(hurries), 'reject');
  stage.pass(58_000);
  assert.equal(stage.placeOf(waits), 'waits');
  stage.pass(1100);
  assert.partialDeepStrictEqual(stage.decisionFor(waits), { kind: 'reject', reason: 'queue-timeout' });
  stage.release(running);
  assert.deepEqual([stage.decisionFor(leaves), stage.fleet.waiting.size], [undefined, 0]);
});

test('waiting requests are refused when no server is left for them', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  const running = stage.arrive();
  const waiting = stage.arrive();
  stage.release(running, 'backend-failed');
  assert.partialDeepStrictEqual(stage.decisionFor(waiting), { kind: 'reject', reason: 'no-backend' });
});
