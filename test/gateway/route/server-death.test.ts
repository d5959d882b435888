import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOf, Stage } from './stage.ts';

test('the death of a backend is handled once, however many of its requests fail', () => {
  const stage = new Stage(planOf('a', 'b'));
  const requests = Array.from({ length: 50 }, () => stage.arrive({ deployments: ['m@a'] }));
  let visits = 0;
  const replicas = stage.fleet.backends.get('a')?.replicas;
  assert.ok(replicas !== undefined);
  const values = replicas.values.bind(replicas);
  replicas[Symbol.iterator] = () => {
    visits += 1;
    return values();
  };
  for (const request of requests) stage.release(request, 'backend-failed');
  assert.equal(visits, 1);
  const backend = stage.fleet.backends.get('a');
  assert.deepEqual([backend?.circuit.state, backend?.inFlight], ['open', 0]);
  assert.equal(stage.outcomeOf(stage.arrive({ deployments: ['m@a'] })), 'reject');
  stage.nowMs = 300;
  stage.apply({ kind: 'probed', backend: 'a', alive: true });
  const revived = stage.arrive({ deployments: ['m@a'] });
  assert.equal(stage.outcomeOf(revived), 'm@a');
  stage.release(revived, 'backend-failed');
  assert.equal(visits, 2, 'a later death is handled again');
  assert.equal(backend?.circuit.state, 'open');
});
