import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedFleet, Stage } from './stage.ts';

test('a stuck load makes the gateway unload idle models by name, and no working model', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.warm();
  const running = stage.arrive({ queue: 'n', deployments: ['n@a'] });
  stage.nowMs += 1;
  stage.list('a', 'm', 'n');
  stage.apply({
    kind: 'listed',
    backend: 'a',
    listing: {
      models: ['n', 'idle'].map((name) => ({ name, context: 4096, family: undefined })),
      askedMs: (stage.nowMs += 1),
    },
  });
  stage.arrive();
  stage.pass(59_000);
  assert.deepEqual([stage.loads, stage.unloads], [['m@a'], []]);
  stage.pass(2000);
  assert.deepEqual(stage.unloads, ['idle']);
  stage.release(running);
  stage.pass(5000);
  assert.equal(stage.unloads.length, 2);
});

test('a request whose model was evicted between two lists is watched like a load', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.nowMs += 1;
  stage.list('a', 'm');
  const request = stage.arrive();
  assert.equal(stage.outcomeOf(request), 'm@a');
  stage.nowMs += 1;
  stage.list('a', 'idle');
  stage.pass(59_000);
  stage.list('a', 'idle');
  assert.deepEqual(stage.unloads, []);
  stage.pass(2000);
  assert.deepEqual(stage.unloads, ['idle']);
  stage.release(request);
  stage.pass(10_000);
  assert.equal(stage.unloads.length, 1, 'no request waits inside the server');
});

test('a request that is answered while its model is not listed is not an implicit load', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.nowMs += 1;
  stage.list('a', 'm');
  const request = stage.arrive();
  stage.start(request);
  stage.nowMs += 1;
  stage.list('a', 'other');
  stage.pass(200_000);
  assert.deepEqual(
    stage.decisions.filter(({ kind }) => kind === 'unload'),
    [],
  );
});

test('a request whose model may be listed under another name is watched too', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  stage.pass(10);
  const answered = stage.arrive();
  stage.list('a', 'twin');
  stage.pass(40_000);
  stage.start(answered);
  stage.pass(40_000);
  stage.release(answered);
  assert.deepEqual(stage.unloads, [], 'an answered request is not stuck');
  const request = stage.arrive();
  assert.equal(stage.outcomeOf(request), 'm@a');
  stage.list('a', 'twin');
  stage.pass(59_000);
  assert.deepEqual(stage.unloads, []);
  stage.pass(2000);
  assert.deepEqual(stage.unloads, ['twin']);
  stage.pass(5000);
  assert.equal(stage.unloads.length, 2, 'unloads repeat while the request waits');
});

test('the time after which an implicit load is stuck follows from measured loads and requests', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  const first = stage.arrive();
  stage.pass(2000);
  stage.load();
  stage.pass(4000);
  stage.release(first);
  stage.arrive();
  stage.list('a', 'twin');
  stage.pass(17_500);
  assert.deepEqual(stage.unloads, []);
  stage.pass(1000);
  assert.deepEqual(stage.unloads, ['twin']);
});

test('a change of the list restarts the time after which a load is stuck', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.pass(10);
  stage.list('a', 'm');
  const request = stage.arrive();
  stage.pass(10);
  stage.list('a');
  stage.pass(50_000);
  stage.list('a', 'idle');
  assert.equal(stage.outcomeOf(request), 'm@a');
  stage.pass(59_000);
  assert.deepEqual(stage.unloads, []);
  stage.pass(2000);
  assert.deepEqual(stage.unloads, ['idle']);
});

test('no load starts beside an implicit load; an answered request shows that its model is in memory', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.pass(10);
  stage.list('a', 'm', 'n');
  const inside = stage.arrive();
  stage.pass(10);
  stage.list('a', 'x');
  const other = stage.arrive({ queue: 'n', deployments: ['n@a'] });
  stage.pass(1000);
  assert.deepEqual([stage.loads, stage.outcomeOf(other)], [[], 'waits']);
  stage.start(inside);
  assert.deepEqual([stage.fleet.replicas.get('a#m')?.residency.state, stage.loads], ['resident', ['n@a']]);
});
