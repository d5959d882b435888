import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restOfPrefill, observePrefill, observeRest, unknownSpeed } from '../../../src/gateway/route/speed.ts';
import { managedPlan, planOf, Stage } from './stage.ts';

/** A stage with one slot, whose server reads a kilobyte in 100 ms. */
function known(): Stage {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  stage.release(stage.arrive(), 'answered', { promptBytes: 10_000, prefillMs: 1000, insideMs: 0 });
  return stage;
}

test('a slot whose client left while the prompt was read stays taken for the rest of that', () => {
  const stage = known();
  const leaves = stage.arrive();
  stage.nowMs += 500;
  stage.release(leaves, 'cancelled', { promptBytes: 20_000, abandoned: true });
  const waiting = stage.arrive();
  assert.equal(stage.placeOf(waiting), 'waits');
  stage.pass(1400);
  assert.equal(stage.placeOf(waiting), 'waits');
  stage.pass(200);
  assert.equal(stage.placeOf(waiting), 'm@a');
});

test('a slot whose client left in the answer is free at once, and so is one of a server that queues by itself', () => {
  const stage = known();
  const leaves = stage.arrive();
  stage.start(leaves);
  stage.release(leaves, 'cancelled', { promptBytes: 20_000, abandoned: true });
  assert.equal(stage.placeOf(stage.arrive()), 'm@a');
  const other = new Stage(planOf('a'));
  other.release(other.arrive(), 'cancelled', { promptBytes: 1e9, abandoned: true });
  assert.equal(other.fleet.replicas.get('a#m')?.abandonedPrefills.length, 0);
});

test('a server that goes takes its slots along', () => {
  const stage = known();
  stage.release(stage.arrive(), 'cancelled', { promptBytes: 20_000, abandoned: true });
  stage.tell({ kind: 'probed', backend: 'a', alive: false });
  assert.equal(stage.fleet.replicas.get('a#m')?.abandonedPrefills.length, 1);
  stage.tell({ kind: 'probed', backend: 'a', alive: true });
  const other = stage.arrive({ queue: 'other' });
  stage.pass(3000);
  stage.release(other, 'backend-failed');
  assert.equal(stage.fleet.replicas.get('a#m')?.abandonedPrefills.length, 0);
});

test('the estimate for an abandoned prompt is corrected by how long the next request waits inside the server', () => {
  const stage = known();
  const speed = stage.fleet.replicas.get('a#m')?.speed;
  assert.ok(speed !== undefined);
  stage.release(stage.arrive(), 'cancelled', { promptBytes: 10_000, abandoned: true });
  const next = stage.arrive();
  stage.pass(1100);
  stage.release(next, 'answered', { promptBytes: 10_000, prefillMs: 1000, insideMs: 1000 });
  assert.equal(speed.patience, 2);
  assert.equal(restOfPrefill(speed, 10_000, 0), 2000);
  const early = stage.arrive();
  stage.release(early, 'cancelled', { promptBytes: 10_000, abandoned: true });
  const after = stage.arrive();
  stage.pass(2100);
  stage.release(after, 'answered', { promptBytes: 10_000, prefillMs: 1000, insideMs: 0 });
  assert.ok(speed.patience < 2);
});

test('a prompt that is read from memory says nothing about speed, unless they all are', () => {
  const speed = unknownSpeed();
  observePrefill(speed, 10_000, 1000);
  for (let turn = 0; turn < 10; turn += 1) observePrefill(speed, 10_000, 5);
  assert.equal(speed.bytesPerMs, 10);
  for (let turn = 0; turn < 200; turn += 1) observePrefill(speed, 10_000, 5);
  assert.ok((speed.bytesPerMs ?? 0) > 1000);
  for (let turn = 0; turn < 10; turn += 1) observePrefill(speed, 10_000, 1000);
  assert.ok((speed.bytesPerMs ?? 0) < 20, 'slower is believed at once');
});

test('expectations stay within reason', () => {
  const speed = unknownSpeed();
  assert.equal(restOfPrefill(speed, 1e12, 0), 120_000);
  for (let turn = 0; turn < 50; turn += 1) observeRest(speed, 0, 1e9);
  assert.equal(speed.patience, 4);
  for (let turn = 0; turn < 200; turn += 1) observeRest(speed, 1000, 0);
  assert.equal(speed.patience, 0.5);
});
