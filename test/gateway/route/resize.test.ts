import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runnerKey } from '../../../src/gateway/route/residency.ts';
import { managedFleet, Stage } from './stage.ts';

const KEY = runnerKey({ num_ctx: 16_384 });
const resize = (stage: Stage, runnerKeys: Readonly<Record<string, string>>, load = false): void => {
  stage.apply({ kind: 'resized', runnerKeys: new Map(Object.entries(runnerKeys)), load });
};

test('a longer context is loaded for the next request, and the other backend serves meanwhile', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.warm();
  resize(stage, { 'm@a': KEY });
  assert.deepEqual(stage.loads, []);
  const long = stage.arrive({ tried: ['m@b'], isRetry: true });
  assert.deepEqual(stage.loads, ['m@a']);
  const short = stage.arrive();
  assert.deepEqual([stage.outcomeOf(long), stage.outcomeOf(short)], ['waits', 'm@b']);
  stage.load();
  assert.equal(stage.outcomeOf(long), 'm@a');
  stage.release(long);
  assert.equal(stage.outcomeOf(stage.arrive()), 'm@a');
  assert.deepEqual(stage.loads, ['m@a'], 'one load for it');
});

test('running requests go on, and waiters wait for the load, which is no waiting', () => {
  const stage = new Stage(managedFleet(2, ['a']));
  stage.warm();
  const running = stage.arrive();
  stage.start(running);
  resize(stage, { 'm@a': KEY });
  const waiter = stage.arrive();
  assert.deepEqual([stage.outcomeOf(waiter), stage.loads], ['waits', ['m@a']]);
  stage.pass(90_000);
  stage.release(running);
  stage.load();
  assert.equal(stage.outcomeOf(waiter), 'm@a');
  assert.ok((stage.decisionFor(waiter)?.loadMs ?? 0) >= 90_000);
});

test('an idle backend loads at once if it is told to, and only a model that is in memory', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.list('a', 'm');
  stage.list('b', 'other');
  resize(stage, { 'm@a': KEY }, true);
  resize(stage, { 'm@b': KEY }, true);
  resize(stage, { 'gone@x': KEY }, true);
  assert.deepEqual(stage.loads, ['m@a']);
  resize(stage, { 'm@a': runnerKey({ num_ctx: 32_768 }) }, true);
  assert.deepEqual(stage.loads, ['m@a'], 'one load at a time');
});

test('a load that fails leaves no deployment ready, neither with the new context nor with the one before', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  resize(stage, { 'm@a': KEY });
  const waiter = stage.arrive();
  resize(stage, { 'm@a': '[]' });
  stage.load('cancelled');
  assert.deepEqual([stage.outcomeOf(waiter), stage.loads], ['waits', ['m@a', 'm@a']]);
  stage.load();
  assert.equal(stage.outcomeOf(waiter), 'm@a');
});

test('a context that goes back after its load is loaded once more', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  resize(stage, { 'm@a': KEY });
  const waiter = stage.arrive();
  resize(stage, { 'm@a': '[]' });
  stage.load();
  assert.deepEqual([stage.outcomeOf(waiter), stage.loads], ['waits', ['m@a', 'm@a']]);
  stage.load();
  assert.equal(stage.outcomeOf(waiter), 'm@a');
});
