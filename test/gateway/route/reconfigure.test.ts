import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedFleet, planOf, Stage } from './stage.ts';

test('a backend whose model is removed during its load loads other models afterwards', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  const left = stage.arrive();
  stage.apply({ kind: 'reconfigured', spec: managedFleet(1, ['a'], ['n']) });
  stage.apply({ kind: 'left', request: left });
  const other = stage.arrive({ queue: 'n', deployments: ['n@a'] });
  stage.pass(1000);
  assert.deepEqual(stage.loads, ['m@a'], 'one load at a time, even if its model is removed');
  stage.load();
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
  stage.load();
  assert.equal(stage.outcomeOf(other), 'n@a');
  assert.deepEqual([...stage.fleet.replicas.keys()], ['a#n'], 'the removed replica is forgotten');
});

test('a backend that is removed and added again keeps its load counted', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.arrive({ deployments: ['m@a'] });
  stage.apply({ kind: 'reconfigured', spec: managedFleet(1, ['b']) });
  stage.apply({ kind: 'left', request: 'r1' });
  stage.apply({ kind: 'reconfigured', spec: managedFleet(1, ['a', 'b'], ['m', 'n']) });
  stage.arrive({ queue: 'n', deployments: ['n@a'] });
  assert.deepEqual(stage.loads, ['m@a']);
  stage.load();
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
});

test('slots follow the newest configuration, from none to a number and back', () => {
  const stage = new Stage(managedFleet(undefined, ['a']));
  const slots = (): unknown => {
    const { count, stated } = stage.fleet.replicas.get('a#m')?.slots ?? {};
    return [count, stated];
  };
  stage.apply({ kind: 'reconfigured', spec: managedFleet(1, ['a']) });
  assert.deepEqual(slots(), [1, 1]);
  stage.apply({ kind: 'reconfigured', spec: managedFleet(4, ['a']) });
  assert.deepEqual(slots(), [4, 4]);
  Object.assign(stage.fleet.replicas.get('a#m')?.slots ?? {}, { count: 3 });
  stage.apply({ kind: 'reconfigured', spec: managedFleet(4, ['a']) });
  assert.deepEqual(slots(), [3, 4], 'a reload with the same number keeps what was learned');
  stage.apply({ kind: 'reconfigured', spec: managedFleet(undefined, ['a']) });
  assert.deepEqual(slots(), [1, undefined]);
});

test('a backend that becomes unmanaged gets no loads, and one that becomes managed does', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.apply({ kind: 'reconfigured', spec: planOf('a') });
  assert.deepEqual([stage.outcomeOf(stage.arrive()), stage.loads], ['m@a', []]);
  stage.apply({ kind: 'reconfigured', spec: managedFleet(1, ['a']) });
  stage.release('r1', 'cancelled');
  stage.arrive();
  assert.deepEqual(stage.loads, ['m@a']);
});

test('a removed deployment is forgotten when its waiters are served elsewhere', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b']));
  stage.warm();
  const [here, there] = [stage.arrive({ deployments: ['m@a'] }), stage.arrive({ deployments: ['m@b'] })];
  const isRetry = stage.arrive({ deployments: ['m@a', 'm@b'], tried: ['m@a'] });
  stage.apply({ kind: 'reconfigured', spec: managedFleet(1, ['b']) });
  stage.release(here);
  stage.release(there);
  assert.equal(stage.outcomeOf(isRetry), 'm@b');
  stage.pass(200);
  assert.deepEqual([...stage.fleet.backends.keys()], ['b']);
});

test('a request does not wait behind requests of an older configuration that want other deployments', () => {
  const stage = new Stage(managedFleet(1, ['a']));
  stage.warm();
  const [, old] = [stage.arrive(), stage.arrive()];
  stage.apply({ kind: 'reconfigured', spec: managedFleet(1, ['a', 'b']) });
  stage.list('b');
  const fresh = [stage.arrive(), stage.arrive()];
  stage.pass(5000);
  stage.load();
  assert.deepEqual(
    [stage.outcomeOf(old), ...fresh.map((request) => stage.outcomeOf(request))],
    ['waits', 'm@b', 'waits'],
  );
  stage.release(fresh[0] ?? '');
  assert.equal(stage.outcomeOf(fresh[1] ?? ''), 'm@b', 'late waiters too');
});

test('starts and reloads look at each backend a fixed number of times, however many deployments there are', () => {
  const visitsOf = (count: number): number => {
    const urls = Array.from({ length: count }, (_, index) => `b${String(index)}`);
    let visits = 0;
    const spec = planOf(...urls);
    const backends = spec.backends.map(({ url, ...rest }) => ({
      ...rest,
      get url() {
        visits += 1;
        return url;
      },
    }));
    const stage = new Stage({ ...spec, backends });
    stage.apply({ kind: 'reconfigured', spec: { ...spec, backends } });
    return visits;
  };
  assert.equal(visitsOf(400), 4 * visitsOf(100));
});
