import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSame, runnerKey } from '../../../src/gateway/route/residency.ts';
import { managedPlan, Stage } from './stage.ts';

const residenceOf = (stage: Stage, id = 'a#m'): string | undefined => stage.fleet.replicas.get(id)?.residency.state;

test('a model that nobody has in memory is loaded once, whoever asks, and all go when it is there', () => {
  const stage = new Stage(managedPlan(4, ['a', 'b']));
  const requests = [stage.arrive(), stage.arrive(), stage.arrive()];
  assert.deepEqual(stage.loads, ['m@a']);
  stage.tell({ kind: 'left', request: 'r1' });
  stage.pass(3000);
  assert.deepEqual([stage.loads, residenceOf(stage)], [['m@a'], 'unknown'], 'a client that leaves does not end it');
  stage.load();
  assert.deepEqual(
    requests.map((request) => stage.placeOf(request)),
    ['waits', 'm@a', 'm@a'],
  );
  const fate = stage.decisionFor('r2');
  assert.deepEqual([fate?.loadMs, residenceOf(stage)], [3000, 'resident']);
});

test('a wait for a load is no wait in the queue: no request is refused or late for it', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.pass(90_000);
  assert.deepEqual([stage.placeOf(first), stage.placeOf(second)], ['waits', 'waits']);
  stage.load();
  assert.deepEqual([stage.placeOf(first), stage.placeOf(second)], ['m@a', 'waits']);
  stage.pass(61_000);
  assert.equal(stage.placeOf(second), 'reject', 'it is one in the queue from then on');
});

test('servers that have the model in memory come first, and those of them with a free slot', () => {
  const stage = new Stage(managedPlan(1, ['a', 'b', 'c']));
  for (const backend of ['b', 'c']) stage.list(backend, 'm:latest', 'x');
  stage.list('a', 'x');
  const requests = [stage.arrive(), stage.arrive(), stage.arrive()];
  assert.deepEqual(new Set(requests.map((request) => stage.placeOf(request))), new Set(['m@b', 'm@c', 'waits']));
  assert.deepEqual(stage.loads, [], 'a has something else there, which is not thrown out for one who waits');
});

test('a server that is idle and empty is given the model as soon as somebody waits', () => {
  const stage = new Stage(managedPlan(1, ['a', 'b']));
  stage.list('a', 'M');
  stage.list('b');
  const [first, second] = [stage.arrive(), stage.arrive()];
  assert.deepEqual([stage.placeOf(first), stage.placeOf(second), stage.loads], ['m@a', 'waits', ['m@b']]);
  stage.load();
  assert.equal(stage.placeOf(second), 'm@b');
});

test('as long as one server takes all that come, no other is given the model', () => {
  const stage = new Stage(managedPlan(2, ['a', 'b', 'c']));
  stage.list('a', 'm');
  for (const backend of ['b', 'c']) stage.list(backend);
  const requests = [stage.arrive(), stage.arrive()];
  assert.deepEqual([requests.map((request) => stage.placeOf(request)), stage.loads], [['m@a', 'm@a'], []]);
  stage.arrive();
  stage.pass(1000);
  assert.equal(stage.loads.length, 1, 'one waiting request is worth one load');
  stage.arrive();
  assert.deepEqual(stage.loads.toSorted(), ['m@b', 'm@c']);
});

test('a model whose runner died is brought back where nothing else is, as soon as somebody waits', () => {
  const stage = new Stage(managedPlan(1, ['a', 'b']));
  stage.warm();
  stage.release(stage.arrive({ deployments: ['m@b'], queue: 'b' }), 'deployment-failed');
  stage.list('b', 'm:latest');
  stage.arrive();
  assert.deepEqual(stage.loads, []);
  stage.arrive();
  assert.deepEqual(stage.loads, ['m@b']);
});

test('another copy throws something out only when the line is longer than a load', () => {
  const stage = new Stage(managedPlan(1, ['a', 'b']));
  stage.list('a', 'm');
  stage.list('b', 'x');
  stage.arrive();
  stage.arrive();
  stage.pass(14_000);
  assert.deepEqual(stage.loads, []);
  stage.pass(2000);
  assert.deepEqual(stage.loads, ['m@b']);
});

test('one load at a time on a server, and what is there goes on meanwhile', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
  stage.list('a', 'x');
  stage.arrive();
  const other = stage.arrive({ queue: 'n', deployments: ['n@a'] });
  assert.deepEqual(stage.loads, ['m@a']);
  stage.load();
  assert.deepEqual([stage.loads, stage.placeOf(other)], [['m@a', 'n@a'], 'waits']);
  stage.release('r1');
  assert.equal(stage.placeOf(stage.arrive()), 'm@a');
});

test('a server that says it is loading or busy is asked again soon, one that has not the model is left alone for a while', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  const waiting = stage.arrive();
  stage.load('busy');
  assert.deepEqual([stage.placeOf(waiting), stage.loads.length], ['waits', 1]);
  stage.pass(600);
  assert.equal(stage.loads.length, 2);
  stage.load('deployment-failed');
  assert.equal(stage.placeOf(waiting), 'reject');
  assert.equal(stage.placeOf(stage.arrive()), 'reject');
  assert.equal(stage.loads.length, 2, 'not asked again for each request');
  stage.nowMs += 1100;
  stage.arrive();
  assert.equal(stage.loads.length, 3);
});

test('after a runner died the model is loaded by us, although it is listed still, and the other models of the server go on', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.release(stage.arrive(), 'deployment-failed');
  stage.list('a', 'm', 'n');
  const waiting = stage.arrive();
  assert.deepEqual([stage.placeOf(waiting), stage.loads], ['waits', ['m@a']]);
  assert.equal(stage.placeOf(stage.arrive({ queue: 'n', deployments: ['n@a'] })), 'n@a');
});

test('aliases with different runners of one model are loaded in turn, and nothing is sent there meanwhile', () => {
  const plan = managedPlan(2, ['a']);
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
  const next = stage.arrive();
  assert.deepEqual(
    [stage.placeOf(short), stage.placeOf(other), stage.placeOf(next), stage.loads],
    ['m@a', 'waits', 'waits', ['m@a', 'long@a']],
  );
  stage.load();
  assert.deepEqual([stage.placeOf(other), stage.placeOf(next)], ['long@a', 'waits']);
});

test('a context that changes in the list is a load by somebody else', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  stage.nowMs += 1;
  const list = (context: number): void =>
    void stage.tell({
      kind: 'listed',
      backend: 'a',
      listing: { models: [{ name: 'm', context, family: undefined }], askedMs: stage.nowMs },
    });
  list(4096);
  assert.equal(stage.fleet.replicas.get('a#m')?.residency.runner, '[]');
  list(2048);
  assert.equal(stage.fleet.replicas.get('a#m')?.residency.runner, undefined);
});

test('after a load the others of its server are asked for first, since one may have had to make room', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.tell({
    kind: 'listed',
    backend: 'a',
    listing: { models: [{ name: 'n', context: 4096, family: undefined }], askedMs: (stage.nowMs += 1) },
  });
  stage.tell({ kind: 'listed', backend: 'a', listing: { models: [], askedMs: (stage.nowMs += 1) } });
  stage.tell({
    kind: 'listed',
    backend: 'a',
    listing: { models: [{ name: 'n', context: 4096, family: undefined }], askedMs: (stage.nowMs += 1) },
  });
  stage.arrive();
  stage.pass(2000);
  stage.load();
  assert.deepEqual([residenceOf(stage), residenceOf(stage, 'a#n')], ['resident', 'unknown']);
  stage.arrive({ queue: 'n', deployments: ['n@a'] });
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
});

test('a list that was asked for before a load ended does not count, and one may show the same weights under another name', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  stage.tell({ kind: 'listed', backend: 'a', listing: { models: [], askedMs: -1 } });
  assert.equal(residenceOf(stage), 'resident');
  stage.nowMs += 1;
  stage.list('a', 'twin');
  stage.list('a', 'twin');
  assert.equal(residenceOf(stage), 'unknown');
  const request = stage.arrive();
  assert.deepEqual(stage.loads, ['m@a'], 'it is asked for first');
  stage.load();
  stage.start(request);
  stage.list('a', 'twin');
  assert.equal(residenceOf(stage), 'resident', 'a model that answers is resident');
  stage.list('a', 'other');
  assert.equal(residenceOf(stage), 'absent');
});

test('names mean one model whatever their case, tag and origin', () => {
  assert.ok(isSame('Tiny', 'registry.ollama.ai/library/tiny:latest'));
  assert.ok(isSame('user/m:7b', 'user/M:7b') && !isSame('user/m', 'm') && !isSame('m:7b', 'm'));
});
