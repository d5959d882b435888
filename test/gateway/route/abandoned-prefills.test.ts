import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  remainingPrefillMs,
  observePrefill,
  observeAbandonedPrefill,
  unknownSpeed,
} from '../../../src/gateway/route/speed.ts';
import { managedFleet, planOf, Stage } from './stage.ts';

/** A stage with one slot, whose server reads a kilobyte in 100 ms. */
function known(): Stage {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  stage.release(stage.arrive(), 'answered', { promptBytes: 10_000, prefillMs: 1000, insideMs: 0 });
  return stage;
}

test('the slot of a prompt that was cancelled stays in use for the expected rest of the prefill', () => {
  const stage = known();
  const leaves = stage.arrive();
  stage.nowMs += 500;
  stage.release(leaves, 'cancelled', { promptBytes: 20_000, abandoned: true });
  const waiting = stage.arrive();
  assert.equal(stage.outcomeOf(waiting), 'waits');
  stage.pass(1400);
  assert.equal(stage.outcomeOf(waiting), 'waits');
  stage.pass(200);
  assert.equal(stage.outcomeOf(waiting), 'm@a');
});

test('a request that is cancelled during its response frees its slot at once; so does one of a server that queues itself', () => {
  const stage = known();
  const leaves = stage.arrive();
  stage.start(leaves);
  stage.release(leaves, 'cancelled', { promptBytes: 20_000, abandoned: true });
  assert.equal(stage.outcomeOf(stage.arrive()), 'm@a');
  const other = new Stage(planOf('a'));
  other.release(other.arrive(), 'cancelled', { promptBytes: 1e9, abandoned: true });
  assert.equal(other.fleet.replicas.get('a#m')?.abandonedPrefills.length, 0);
});

test('a backend that goes down frees the slots of its abandoned prefills', () => {
  const stage = known();
  stage.release(stage.arrive(), 'cancelled', { promptBytes: 20_000, abandoned: true });
  stage.apply({ kind: 'probed', backend: 'a', alive: false });
  assert.equal(stage.fleet.replicas.get('a#m')?.abandonedPrefills.length, 1);
  stage.apply({ kind: 'probed', backend: 'a', alive: true });
  const other = stage.arrive({ queue: 'other' });
  stage.pass(3000);
  stage.release(other, 'backend-failed');
  assert.equal(stage.fleet.replicas.get('a#m')?.abandonedPrefills.length, 0);
});

test("the estimate for an abandoned prefill is corrected by the next request's wait inside the server", () => {
  const stage = known();
  const speed = stage.fleet.replicas.get('a#m')?.speed;
  assert.ok(speed !== undefined);
  stage.release(stage.arrive(), 'cancelled', { promptBytes: 10_000, abandoned: true });
  const next = stage.arrive();
  stage.pass(1100);
  stage.release(next, 'answered', { promptBytes: 10_000, prefillMs: 1000, insideMs: 1000 });
  assert.equal(speed.abandonedFactor, 2);
  assert.equal(remainingPrefillMs(speed, 10_000, 0), 2000);
  const early = stage.arrive();
  stage.release(early, 'cancelled', { promptBytes: 10_000, abandoned: true });
  const after = stage.arrive();
  stage.pass(2100);
  stage.release(after, 'answered', { promptBytes: 10_000, prefillMs: 1000, insideMs: 0 });
  assert.ok(speed.abandonedFactor < 2);
});

test('a cached prompt does not change the measured speed, unless all prompts are as fast', () => {
  const speed = unknownSpeed();
  observePrefill(speed, 10_000, 1000);
  for (let turn = 0; turn < 10; turn += 1) observePrefill(speed, 10_000, 5);
  assert.equal(speed.bytesPerMs, 10);
  for (let turn = 0; turn < 200; turn += 1) observePrefill(speed, 10_000, 5);
  assert.ok((speed.bytesPerMs ?? 0) > 1000);
  for (let turn = 0; turn < 10; turn += 1) observePrefill(speed, 10_000, 1000);
  assert.ok((speed.bytesPerMs ?? 0) < 20, 'a slower sample counts at once');
});

test('a request that finds an idle server halves the estimate, if it comes at once', () => {
  const stage = known();
  const speed = stage.fleet.replicas.get('a#m')?.speed;
  assert.ok(speed !== undefined);
  for (const [laterMs, factor] of [
    [100, 0.5],
    [10_000, 0.5],
  ] as const) {
    stage.release(stage.arrive(), 'cancelled', { promptBytes: 10_000, abandoned: true });
    stage.pass(1000 * speed.abandonedFactor + laterMs);
    stage.release(stage.arrive(), 'answered', { promptBytes: 10_000, prefillMs: 1000, insideMs: 0 });
    assert.equal(speed.abandonedFactor, factor);
  }
});

test('estimates for abandoned prefills have bounds', () => {
  const speed = unknownSpeed();
  assert.equal(remainingPrefillMs(speed, 1e12, 0), 3000);
  for (let turn = 0; turn < 50; turn += 1) observeAbandonedPrefill(speed, 0, 1e9);
  assert.equal(speed.abandonedFactor, 4);
  for (let turn = 0; turn < 200; turn += 1) observeAbandonedPrefill(speed, 1000, 0);
  assert.equal(speed.abandonedFactor, 0.05);
});
