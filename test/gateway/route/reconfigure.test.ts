import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedPlan, planOf, Stage } from './stage.ts';

test('a server whose model goes from the file while it is being loaded loads others when that has ended', () => {
  const stage = new Stage(managedPlan(1, ['a'], ['m', 'n']));
  const left = stage.arrive();
  stage.tell({ kind: 'reconfigured', spec: managedPlan(1, ['a'], ['n']) });
  stage.tell({ kind: 'left', request: left });
  const other = stage.arrive({ queue: 'n', deployments: ['n@a'] });
  stage.pass(1000);
  assert.deepEqual(stage.loads, ['m@a'], 'one at a time, also of what nobody wants any more');
  stage.load();
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
  stage.load();
  assert.equal(stage.placeOf(other), 'n@a');
  assert.deepEqual([...stage.fleet.replicas.keys()], ['a#n'], 'and the one that went is forgotten');
});

test('a server that goes from the file and comes back has its load counted all the while', () => {
  const stage = new Stage(managedPlan(1, ['a', 'b']));
  stage.arrive({ deployments: ['m@a'] });
  stage.tell({ kind: 'reconfigured', spec: managedPlan(1, ['b']) });
  stage.tell({ kind: 'left', request: 'r1' });
  stage.tell({ kind: 'reconfigured', spec: managedPlan(1, ['a', 'b'], ['m', 'n']) });
  stage.arrive({ queue: 'n', deployments: ['n@a'] });
  assert.deepEqual(stage.loads, ['m@a']);
  stage.load();
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
});

test('slots are as the newest file states them, also where that is what was found out, or nothing any more', () => {
  const stage = new Stage(managedPlan(undefined, ['a']));
  const slots = (): unknown => {
    const { count, kind } = stage.fleet.replicas.get('a#m')?.slots ?? {};
    return [count, kind];
  };
  stage.tell({ kind: 'reconfigured', spec: managedPlan(1, ['a']) });
  assert.deepEqual(slots(), [1, 'stated'], 'so nobody tries one more');
  stage.tell({ kind: 'reconfigured', spec: managedPlan(4, ['a']) });
  assert.deepEqual(slots(), [4, 'stated']);
  stage.tell({ kind: 'reconfigured', spec: managedPlan(undefined, ['a']) });
  assert.deepEqual(slots(), [1, 'learned']);
});

test('a server that turns out to load by itself is asked for no loads, and the other way round', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.tell({ kind: 'reconfigured', spec: planOf('a') });
  assert.deepEqual([stage.placeOf(stage.arrive()), stage.loads], ['m@a', []]);
  stage.tell({ kind: 'reconfigured', spec: managedPlan(1, ['a']) });
  stage.release('r1', 'cancelled');
  stage.arrive();
  assert.deepEqual(stage.loads, ['m@a']);
});

test('a deployment that left the configuration is forgotten when its waiting requests went elsewhere', () => {
  const stage = new Stage(managedPlan(1, ['a', 'b']));
  stage.warm();
  const [here, there] = [stage.arrive({ deployments: ['m@a'] }), stage.arrive({ deployments: ['m@b'] })];
  const isRetry = stage.arrive({ deployments: ['m@a', 'm@b'], tried: ['m@a'] });
  stage.tell({ kind: 'reconfigured', spec: managedPlan(1, ['b']) });
  stage.release(here);
  stage.release(there);
  assert.equal(stage.placeOf(isRetry), 'm@b');
  stage.pass(200);
  assert.deepEqual([...stage.fleet.backends.keys()], ['b']);
});

test('no request waits behind requests of an older file for slots that those do not use', () => {
  const stage = new Stage(managedPlan(1, ['a']));
  stage.warm();
  const [, old] = [stage.arrive(), stage.arrive()];
  stage.tell({ kind: 'reconfigured', spec: managedPlan(1, ['a', 'b']) });
  stage.list('b');
  const fresh = [stage.arrive(), stage.arrive()];
  stage.pass(5000);
  stage.load();
  assert.deepEqual([stage.placeOf(old), ...fresh.map((request) => stage.placeOf(request))], ['waits', 'm@b', 'waits']);
  stage.release(fresh[0] ?? '');
  assert.equal(stage.placeOf(fresh[1] ?? ''), 'm@b', 'also those who came too late to be on time');
});
