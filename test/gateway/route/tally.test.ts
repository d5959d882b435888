import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoadFacts, Replica } from '../../../src/gateway/route/replica.ts';
import type { Tally } from '../../../src/gateway/route/tally.ts';
import type { Work } from '../../../src/gateway/route/work.ts';
import { FLEET_POLICY, managedFleet, Stage } from './stage.ts';

const WORK: Work = { promptTokens: 300, maxTokens: 200, prefix: [], key: 'k', user: undefined, batch: false };

function replicaOf(stage: Stage, id: string): Replica {
  return stage.fleet.replicas.get(id) ?? assert.fail(id);
}

function tallyOf(stage: Stage, alias: string): Tally {
  return stage.fleet.demands.get(alias)?.tally ?? assert.fail(alias);
}

function loadOf(stage: Stage, request: string): LoadFacts | undefined {
  return stage.decisions.flatMap((one) => (one.kind === 'assign' && one.request === request ? [one] : []))[0]?.load;
}

test('a load is needless if its model leaves the memory before it had a request, and not if it served one', () => {
  const stage = new Stage(managedFleet(1, ['a']), FLEET_POLICY);
  stage.list('a');
  const served = stage.arrive({ work: WORK });
  stage.nowMs += 2000;
  stage.load();
  stage.release(served);
  stage.nowMs += 1000;
  stage.list('a');
  const replica = replicaOf(stage, 'a#m');
  assert.deepEqual({ ...replica.needless }, { slotFree: 0, unused: 0 });
  const left = stage.arrive({ work: WORK });
  stage.nowMs += 100;
  stage.apply({ kind: 'left', request: left });
  stage.nowMs += 2000;
  stage.load();
  stage.list('a', 'm');
  stage.nowMs += 1000;
  stage.list('a');
  stage.list('a');
  assert.deepEqual({ ...replica.needless }, { slotFree: 0, unused: 1 });
});

test('a load is needless if a slot elsewhere is free when it is sent, and not if that slot goes to a waiter in the same moment', () => {
  // Of three slots the last one is kept from waiters that are late.
  for (const [slots, needless] of [
    [1, 0],
    [3, 1],
  ] as const) {
    const spec = managedFleet(slots, ['a', 'b'], ['m', 'o']);
    const stage = new Stage({ ...spec, backends: spec.backends.map((one) => ({ ...one, room: 1 })) }, FLEET_POLICY);
    stage.list('a');
    stage.list('b');
    const [mine, other] = [
      stage.arrive({ work: WORK }),
      stage.arrive({ queue: 'o', deployments: ['o@b'], work: WORK }),
    ];
    stage.nowMs += 3000;
    stage.load();
    stage.list('a', 'm');
    stage.list('b', 'o');
    for (const request of [mine, other]) stage.start(request);
    for (let more = 1; more < slots; more += 1) stage.start(stage.arrive({ work: WORK }));
    // A copy of m is wanted on b as soon as the queue is long; its victim o is at work.
    for (let more = 0; more < 60; more += 1) stage.arrive({ work: WORK });
    stage.pass(25_000);
    const replica = replicaOf(stage, 'b#m');
    assert.equal(stage.fleet.backends.get('b')?.makingRoom?.replica, replica);
    assert.equal(stage.fleet.backends.get('b')?.makingRoom?.reason, 'queue');
    assert.equal(replica.needless.slotFree, 0);
    // The wait for room is over in the moment in which a slot of a comes free.
    stage.nowMs += 31_000;
    stage.release(mine);
    assert.equal(stage.decisions.filter((one) => one.kind === 'load' && one.replica === replica.id).length, 1);
    assert.deepEqual({ ...replica.needless }, { slotFree: needless, unused: 0 });
  }
});

test('decisions are counted by reason, and waits by class; a load has its reason, its victim and how long that was idle', () => {
  const spec = managedFleet(1, ['a'], ['m', 'o']);
  const stage = new Stage({ ...spec, backends: spec.backends.map((one) => ({ ...one, room: 1 })) }, FLEET_POLICY);
  stage.nowMs = 1000;
  stage.list('a');
  const first = stage.arrive({ work: WORK });
  stage.nowMs += 3000;
  stage.load();
  stage.start(first);
  assert.partialDeepStrictEqual(loadOf(stage, first), { reason: 'absent', victims: [], tookMs: 3000 });
  const late = stage.arrive({ work: WORK });
  const batch = stage.arrive({ work: { ...WORK, batch: true } });
  stage.pass(4000);
  stage.list('a', 'm');
  stage.release(first);
  stage.start(late);
  stage.release(late);
  stage.start(batch);
  stage.release(batch);
  const tally = tallyOf(stage, 'm');
  assert.deepEqual([...tally.decisions], [['only-one', 3]]);
  assert.deepEqual([tally.queuedS.people, tally.queuedS.batch, tally.late], [7, 4, 1]);
  stage.pass(60_000);
  stage.list('a', 'm');
  const next = stage.arrive({ queue: 'o', deployments: ['o@a'], work: WORK });
  stage.pass(15_000);
  assert.equal(stage.decisions.filter(({ kind }) => kind === 'unload').length, 1);
  // The server takes a moment for that: a list still shows the model, and the next one does not.
  stage.list('a', 'm:latest');
  stage.nowMs += 100;
  stage.list('a');
  stage.load();
  const [victim, ...others] = loadOf(stage, next)?.victims ?? [];
  assert.deepEqual([victim?.model, others.length], ['m', 0]);
  assert.ok((victim?.idleMs ?? 0) >= 60_000 && (victim?.idleMs ?? 0) <= 75_000, String(victim?.idleMs));
  stage.arrive({ deployments: ['nowhere'] });
  assert.equal(tally.decisions.get('no-backend'), 1);
});
