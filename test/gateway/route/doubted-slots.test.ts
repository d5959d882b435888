import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedFleet, Stage } from './stage.ts';

/** Serves requests on a server with these slots that the gateway takes for more; `between` passes between the end of one and the start of the next. */
function serveInTurn(stage: Stage, slots: number, requests: number, between = 0): void {
  const waiting: { request: string; sentMs: number }[] = [];
  const running: { request: string; insideMs: number }[] = [];
  for (let ended = 0; ended < requests;) {
    while (stage.fleet.waiting.size === 0) stage.arrive({ maxWaitMs: 1e9 });
    for (const decision of stage.decisions.splice(0))
      if (decision.kind === 'assign') waiting.push({ request: decision.request, sentMs: stage.nowMs });
    while (running.length < slots && waiting.length > 0) {
      const { request, sentMs } = waiting.shift() ?? { request: '', sentMs: 0 };
      running.push({ request, insideMs: stage.nowMs - sentMs });
      stage.start(request);
    }
    stage.pass(700);
    const { request = '', insideMs = 0 } = running.shift() ?? {};
    stage.release(request, 'answered', { promptBytes: 100, prefillMs: 10, insideMs });
    stage.nowMs += between;
    ended += 1;
  }
}

test('a stated number that is too high goes to the most requests that were seen to run', () => {
  for (const [stated, slots] of [
    [8, 4],
    [8, 2],
    [64, 1],
    [3, 2],
  ] as const) {
    const stage = new Stage(managedFleet(stated, ['a']));
    stage.warm();
    serveInTurn(stage, slots, stated + 40);
    assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, slots, `${String(stated)} stated`);
  }
});

test('a stated number that is true is kept', () => {
  const stage = new Stage(managedFleet(4, ['a']), undefined, true, true);
  stage.warm();
  stage.pass(10_000);
  serveInTurn(stage, 4, 400);
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 4);
});

test('a request beyond the slots is taken back when its first token is overdue, and then no slot is tried for a time', () => {
  const stage = new Stage(managedFleet(1, ['a']), undefined, true, true);
  stage.warm();
  stage.pass(10_000);
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.start(first);
  assert.equal(stage.leaseOf(second).replica.slots.trial?.request, second);
  // Three times the expected 0.5 s.
  stage.pass(1400);
  assert.ok(stage.decisions.every(({ kind }) => kind !== 'recall'));
  stage.pass(200);
  const recalls = stage.decisions.flatMap((decision) => (decision.kind === 'recall' ? [decision.trial] : []));
  assert.deepEqual(recalls, [second]);
  stage.release(second, 'refused');
  stage.arrive({ isRetry: true });
  stage.pass(28_000);
  assert.equal(stage.fleet.replicas.get('a#m')?.inFlight, 1, 'it waits in the gateway');
  stage.pass(3000);
  assert.equal(stage.fleet.replicas.get('a#m')?.inFlight, 2, 'the next trial');
});

test('a trial that has begun is not taken back, however long its answer is', () => {
  const stage = new Stage(managedFleet(1, ['a']), undefined, true, true);
  stage.warm();
  stage.pass(10_000);
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.start(first);
  stage.start(second);
  stage.pass(60_000);
  assert.ok(stage.decisions.every(({ kind }) => kind !== 'recall'));
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 2);
});

test('a batch tries one slot more before a person does', () => {
  const stage = new Stage(managedFleet(1, ['a']), undefined, true, true);
  stage.warm();
  stage.pass(10_000);
  const batch = { promptTokens: 100, maxTokens: undefined, prefix: [], key: 'k', user: undefined, batch: true };
  const first = stage.arrive();
  const [person, other] = [stage.arrive(), stage.arrive({ work: batch })];
  stage.start(first);
  assert.equal(stage.outcomeOf(person), 'waits');
  assert.equal(stage.outcomeOf(other), 'm@a');
});

test('models of one server start with the slots that another one has learned there', () => {
  const stage = new Stage(managedFleet(8, ['a'], ['m', 'n']));
  stage.warm();
  serveInTurn(stage, 4, 60);
  assert.equal(stage.fleet.replicas.get('a#n')?.slots.count, 4);
});
