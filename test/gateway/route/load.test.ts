import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runnerKey } from '../../../src/gateway/route/residency.ts';
import { managedFleet, Stage } from './stage.ts';

const residencyOf = (stage: Stage, id = 'a#m'): string | undefined => stage.fleet.replicas.get(id)?.residency.state;

test('a model that is not in memory is loaded once, and then serves every waiter', () => {
  const stage = new Stage(managedFleet(4, ['a', 'b']));
  const requests = [stage.arrive(), stage.arrive(), stage.arrive()];
  assert.deepEqual(stage.loads, ['m@a']);
  stage.apply({ kind: 'left', request: 'r1' });
  stage.pass(3000);
  assert.deepEqual(
    [stage.loads, residencyOf(stage)],
    [['m@a'], 'unknown'],
    'the load continues after its client has left',
  );
  stage.load();
  assert.deepEqual(
    requests.map((request) => stage.outcomeOf(request)),
    ['waits', 'm@a', 'm@a'],
  );
  const fate = stage.decisionFor('r2');
  assert.deepEqual([fate?.loadMs, residencyOf(stage)], [3000, 'resident']);
});

test('waiting for a load does not count as waiting: no request is rejected or late because of it', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.pass(90_000);
  assert.deepEqual([stage.outcomeOf(first), stage.outcomeOf(second)], ['waits', 'waits']);
  stage.load();
  assert.deepEqual([stage.outcomeOf(first), stage.outcomeOf(second)], ['m@a', 'waits']);
  stage.pass(61_000);
  assert.equal(stage.outcomeOf(second), 'reject', 'after the load its wait counts');
});

test('backends with the model in memory are preferred, and of these the ones with a free slot', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b', 'c']));
  for (const backend of ['b', 'c']) stage.list(backend, 'm:latest', 'x');
  stage.list('a', 'x');
  const requests = [stage.arrive(), stage.arrive(), stage.arrive()];
  assert.deepEqual(new Set(requests.map((request) => stage.outcomeOf(request))), new Set(['m@b', 'm@c', 'waits']));
  assert.deepEqual(stage.loads, [], 'one waiter does not evict the other model on a');
});

test('an idle backend with empty memory gets another copy as soon as a request waits', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.list('a', 'M');
  stage.list('b');
  const [first, second] = [stage.arrive(), stage.arrive()];
  assert.deepEqual([stage.outcomeOf(first), stage.outcomeOf(second), stage.loads], ['m@a', 'waits', ['m@b']]);
  stage.load();
  assert.equal(stage.outcomeOf(second), 'm@b');
});

test('while one backend can serve all requests, no other backend loads the model', () => {
  const stage = new Stage(managedFleet(2, ['a', 'b', 'c']));
  stage.list('a', 'm');
  for (const backend of ['b', 'c']) stage.list(backend);
  const requests = [stage.arrive(), stage.arrive()];
  assert.deepEqual([requests.map((request) => stage.outcomeOf(request)), stage.loads], [['m@a', 'm@a'], []]);
  stage.arrive();
  stage.pass(1000);
  assert.equal(stage.loads.length, 1, 'one waiting request is worth one load');
  stage.arrive();
  assert.deepEqual(stage.loads.toSorted(), ['m@b', 'm@c']);
});

test('after a runner died, its model is loaded again on an empty backend as soon as a request waits', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.warm();
  stage.release(stage.arrive({ deployments: ['m@b'], queue: 'b' }), 'deployment-failed');
  stage.list('b', 'm:latest');
  stage.arrive();
  assert.deepEqual(stage.loads, []);
  stage.arrive();
  assert.deepEqual(stage.loads, ['m@b']);
});

test('another copy evicts a model only if the queue is longer than a load', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.list('a', 'm');
  stage.list('b', 'x');
  stage.arrive();
  stage.arrive();
  stage.pass(14_000);
  assert.deepEqual(stage.loads, []);
  stage.pass(2000);
  assert.deepEqual(stage.loads, ['m@b']);
});

test('one load at a time runs on a backend; meanwhile a model that may have to go gets no requests', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.list('a', 'x');
  stage.arrive();
  const other = stage.arrive({ queue: 'n', deployments: ['n@a'] });
  assert.deepEqual(stage.loads, ['m@a']);
  stage.load();
  assert.deepEqual([stage.loads, stage.outcomeOf(other)], [['m@a'], 'waits'], 'the fresh model serves first');
  stage.start('r1');
  assert.deepEqual([stage.loads, stage.outcomeOf(other)], [['m@a', 'n@a'], 'waits']);
  stage.release('r1');
  assert.equal(stage.outcomeOf(stage.arrive()), 'waits');
  stage.load();
  assert.equal(stage.outcomeOf(other), 'n@a');
});

test('a busy server is retried soon; one whose load failed is paused', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  const waiting = stage.arrive();
  stage.load('busy');
  assert.deepEqual([stage.outcomeOf(waiting), stage.loads.length], ['waits', 1]);
  stage.pass(600);
  assert.equal(stage.loads.length, 2);
  stage.load('deployment-failed');
  assert.equal(stage.outcomeOf(waiting), 'reject');
  assert.equal(stage.outcomeOf(stage.arrive()), 'reject');
  assert.equal(stage.loads.length, 2, 'not asked again for each request');
  stage.nowMs += 1100;
  stage.arrive();
  assert.equal(stage.loads.length, 3);
});

test('after a runner died, the gateway loads the model even if it is listed, and other models keep serving', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.release(stage.arrive(), 'deployment-failed');
  stage.list('a', 'm', 'n');
  const waiting = stage.arrive();
  assert.deepEqual([stage.outcomeOf(waiting), stage.loads], ['waits', ['m@a']]);
  assert.equal(stage.outcomeOf(stage.arrive({ queue: 'n', deployments: ['n@a'] })), 'n@a');
});

test('aliases with different runner options of one model are loaded in turn, and no request is sent during a load', () => {
  const plan = managedFleet(2, ['a']);
  const long = {
    id: 'long@a',
    backend: 'a',
    weight: 1,
    model: 'm',
    runnerKey: runnerKey({ num_ctx: 8192 }),
    single: false,
  };
  const stage = new Stage({ ...plan, deployments: [...plan.deployments, long] });
  stage.warm();
  stage.list('a', 'm');
  const short = stage.arrive();
  const other = stage.arrive({ queue: 'long', deployments: ['long@a'] });
  stage.load();
  stage.start(short);
  const next = stage.arrive();
  assert.deepEqual(
    [stage.outcomeOf(short), stage.outcomeOf(other), stage.outcomeOf(next), stage.loads],
    ['m@a', 'waits', 'waits', ['m@a', 'long@a']],
  );
  stage.load();
  assert.deepEqual([stage.outcomeOf(other), stage.outcomeOf(next)], ['long@a', 'waits']);
});

test('a changed context length in the list is a load by another client', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  stage.nowMs += 1;
  const list = (context: number): void =>
    void stage.apply({
      kind: 'listed',
      backend: 'a',
      listing: { models: [{ name: 'm', context, family: undefined }], askedMs: stage.nowMs },
    });
  list(4096);
  assert.equal(stage.fleet.replicas.get('a#m')?.residency.runner, '[]');
  list(2048);
  assert.equal(stage.fleet.replicas.get('a#m')?.residency.runner, undefined);
});

test('after a load, other models of the backend start with a load, because one may have been evicted', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.apply({
    kind: 'listed',
    backend: 'a',
    listing: { models: [{ name: 'n', context: 4096, family: undefined }], askedMs: (stage.nowMs += 1) },
  });
  stage.apply({ kind: 'listed', backend: 'a', listing: { models: [], askedMs: (stage.nowMs += 1) } });
  stage.apply({
    kind: 'listed',
    backend: 'a',
    listing: { models: [{ name: 'n', context: 4096, family: undefined }], askedMs: (stage.nowMs += 1) },
  });
  const first = stage.arrive();
  stage.pass(2000);
  stage.load();
  assert.deepEqual([residencyOf(stage), residencyOf(stage, 'a#n')], ['resident', 'unknown']);
  stage.start(first);
  stage.arrive({ queue: 'n', deployments: ['n@a'] });
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
});

test('a list requested before the end of a load is ignored; a later one may show the weights under another name', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  stage.apply({ kind: 'listed', backend: 'a', listing: { models: [], askedMs: -1 } });
  assert.equal(residencyOf(stage), 'resident');
  stage.nowMs += 1;
  stage.list('a', 'twin');
  stage.list('a', 'twin');
  assert.equal(residencyOf(stage), 'unknown');
  const request = stage.arrive();
  assert.deepEqual(stage.loads, ['m@a'], 'the model is loaded first');
  stage.load();
  stage.start(request);
  stage.list('a', 'twin');
  assert.equal(residencyOf(stage), 'resident', 'a model that answers is resident');
  stage.list('a', 'other');
  assert.equal(residencyOf(stage), 'absent');
});
