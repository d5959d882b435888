import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warmOf } from '../../../src/gateway/route/candidate.ts';
import { factsOf } from '../../../src/gateway/route/foreign-facts.ts';
import { mostLoadMs } from '../../../src/gateway/route/load-time.ts';
import { poolOf } from '../../../src/gateway/route/pool.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { route } from '../../../src/gateway/route/router.ts';
import { assertIndexes } from './index-scan.ts';
import { FLEET_POLICY, managedFleet } from './stage.ts';

test('a model that another instance has loaded counts as in memory from its facts on, with the time of its load', () => {
  const spec = managedFleet(4, ['a']);
  const own = { ...spec, deployments: spec.deployments.map((one) => ({ ...one, runnerKey: '[["num_ctx",8192]]' })) };
  const [elder, younger] = [createFleet(own), createFleet(own)];
  const listing = { models: [{ name: 'm', context: undefined, family: undefined }], askedMs: 0 };
  for (const fleet of [elder, younger]) route(fleet, FLEET_POLICY, { kind: 'listed', backend: 'a', listing }, 0);
  const known = elder.replicas.get('a#m');
  assert.ok(known !== undefined);
  known.residency.runner = '[["num_ctx",8192]]';
  Object.assign(known.speed, { serviceMs: 900, loadMs: 4000 });
  const backend = younger.backends.get('a');
  assert.ok(backend !== undefined);
  const pool = poolOf(younger, ['m@a']);
  assert.deepEqual([warmOf(pool).length, mostLoadMs(backend)], [0, undefined]);
  route(younger, FLEET_POLICY, { kind: 'told', facts: factsOf(elder) }, 10);
  assert.deepEqual([warmOf(pool).length, mostLoadMs(backend)], [1, 4000]);
  assertIndexes(younger);
});
