import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedFleet, Stage } from './stage.ts';

test('a family with one slot keeps it over a reload, whatever number is configured', () => {
  const stage = new Stage(managedFleet(4, ['a']));
  stage.warm();
  const replica = stage.fleet.replicas.get('a#m');
  assert.equal(replica?.slots.count, 4);
  stage.apply({
    kind: 'listed',
    backend: 'a',
    listing: { models: [{ name: 'm', context: 4096, family: 'qwen35' }], askedMs: stage.nowMs },
  });
  assert.equal(replica?.slots.count, 1);
  stage.apply({ kind: 'reconfigured', spec: managedFleet(4, ['a']) });
  assert.equal(stage.fleet.replicas.get('a#m')?.slots.count, 1);
  stage.apply({ kind: 'reconfigured', spec: managedFleet(undefined, ['a']) });
  assert.deepEqual([replica?.slots.count, replica?.slots.kind], [1, 'fixed']);
});
