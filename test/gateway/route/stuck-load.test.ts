import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedPlan, Stage } from './stage.ts';

test('a load that does not end is cured by unloading what is idle, by name, and nothing that works', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
  stage.warm();
  const running = stage.arrive({ queue: 'n', deployments: ['n@a'] });
  stage.nowMs += 1;
  stage.list('a', 'm', 'n');
  stage.tell({
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

test('a request whose model went between two lists is watched over as a load is', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.nowMs += 1;
  stage.list('a', 'm');
  const request = stage.arrive();
  assert.equal(stage.placeOf(request), 'm@a');
  stage.nowMs += 1;
  stage.list('a', 'jam');
  stage.pass(59_000);
  stage.list('a', 'jam');
  assert.deepEqual(stage.unloads, []);
  stage.pass(2000);
  assert.deepEqual(stage.unloads, ['jam']);
  stage.release(request);
  stage.pass(10_000);
  assert.equal(stage.unloads.length, 1, 'no request waits inside the server any more');
});

test('a request that is answered while its model is not listed is no sign of a jam', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
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

test('a request for what may be listed under another name is watched over too', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  stage.pass(10);
  const answered = stage.arrive();
  stage.list('a', 'twin');
  stage.pass(40_000);
  stage.start(answered);
  stage.pass(40_000);
  stage.release(answered);
  assert.deepEqual(stage.unloads, [], 'an answered request was no sign of it');
  const request = stage.arrive();
  assert.equal(stage.placeOf(request), 'm@a');
  stage.list('a', 'twin');
  stage.pass(59_000);
  assert.deepEqual(stage.unloads, []);
  stage.pass(2000);
  assert.deepEqual(stage.unloads, ['twin']);
  stage.pass(5000);
  assert.equal(stage.unloads.length, 2, 'again, as long as it waits');
});

test('how long a request may take to begin there goes by what loads and requests took', () => {
  const stage = new Stage(managedPlan(1, ['a']));
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

test('a jam in which the list has changed is cured as long after that', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.pass(10);
  stage.list('a', 'm');
  const request = stage.arrive();
  stage.pass(10);
  stage.list('a');
  stage.pass(50_000);
  stage.list('a', 'jam');
  assert.equal(stage.placeOf(request), 'm@a');
  stage.pass(59_000);
  assert.deepEqual(stage.unloads, []);
  stage.pass(2000);
  assert.deepEqual(stage.unloads, ['jam']);
});

test('nothing is loaded beside a load that waits in a client’s request, and what is answered is in memory although it is not listed yet', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.pass(10);
  stage.list('a', 'm', 'n');
  const inside = stage.arrive();
  stage.pass(10);
  stage.list('a', 'x');
  const other = stage.arrive({ queue: 'n', deployments: ['n@a'] });
  stage.pass(1000);
  assert.deepEqual([stage.loads, stage.placeOf(other)], [[], 'waits']);
  stage.start(inside);
  stage.release(inside);
  assert.equal(stage.placeOf(stage.arrive()), 'm@a');
  assert.deepEqual(stage.loads, ['n@a']);
});
