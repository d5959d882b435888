import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capacityOf } from '../../../src/gateway/route/fair-order.ts';
import type { Work } from '../../../src/gateway/route/work.ts';
import { FLEET_POLICY, managedFleet, RATES, Stage, work } from './stage.ts';

/** A prompt that takes 2.6 s to read, which is longer than the target. */
const TOO_LONG = work({ promptTokens: 9000 });

/** A backend with `slots` slots, of which `running` are in use, and an alias that asks for a part of its capacity. */
function stageAt(use: number, running: number, slots = 4, backends: readonly string[] = ['a']): Stage {
  const stage = new Stage(managedFleet(slots, backends), FLEET_POLICY);
  stage.warm();
  for (const backend of backends) stage.list(backend, 'm');
  for (const replica of stage.fleet.replicas.values()) Object.assign(replica.rates, RATES);
  stage.release(stage.arrive({ work: work() }), 'cancelled');
  for (let request = 0; request < running; request += 1)
    stage.start(stage.arrive({ deployments: ['m@a'], work: work({ key: String(request) }) }));
  const demand = stage.fleet.demands.get('m');
  assert.ok(demand !== undefined);
  const { rate } = capacityOf(stage.fleet, { name: 'm', deployments: ['m@a'] });
  Object.assign(demand, { fastRate: use * rate, slowRate: use * rate, sinceMs: -Infinity, atMs: stage.nowMs });
  return stage;
}

/** The free slots of a backend that a request leaves, at a use. */
function leftAt(use: number, asked: Work = TOO_LONG, slots = 4): number {
  for (let running = slots - 1; running >= 0; running -= 1) {
    const stage = stageAt(use, running, slots);
    if (stage.outcomeOf(stage.arrive({ work: asked })) !== 'waits') return slots - 1 - running;
  }
  return slots;
}

test('a prompt that cannot be read in time leaves half of the slots, or the last one where they cannot serve all that is asked for', () => {
  assert.deepEqual(
    [0.3, 0.8, 1.5].map((use) => leftAt(use)),
    [0, 2, 1],
  );
});

test('of two slots one is left below the capacity, and none above it, or by a batch', () => {
  const ofTwo = (asked: Work): readonly number[] => [0.3, 0.8, 1.5].map((use) => leftAt(use, asked, 2));
  assert.deepEqual(
    [ofTwo(TOO_LONG), ofTwo(work({ batch: true }))],
    [
      [0, 1, 0],
      [0, 0, 0],
    ],
  );
});

test('a batch leaves the last slot', () => {
  assert.deepEqual(
    [0.3, 0.8, 1.5].map((use) => leftAt(use, work({ batch: true }))),
    [0, 1, 1],
  );
});

test('a short prompt takes the slots that a too long one leaves, also when that one came first', () => {
  const stage = stageAt(0.8, 2);
  const long = stage.arrive({ work: TOO_LONG });
  stage.nowMs += 100;
  const short = stage.arrive({ work: work({ key: 'other' }) });
  assert.deepEqual([stage.outcomeOf(long), stage.outcomeOf(short)], ['waits', 'm@a']);
});

test('a long prompt of which a cache has most is on time', () => {
  const stage = stageAt(0.8, 0);
  const prefix = [{ hash: 1, tokens: 8800 }];
  const first = stage.arrive({ work: work({ promptTokens: 8800, prefix }) });
  stage.start(first);
  stage.release(first, 'answered', { promptBytes: 35_200, promptTokens: 8800, outTokens: 0, prefillMs: 2514 });
  for (const key of ['x', 'y', 'z']) stage.start(stage.arrive({ work: work({ key }) }));
  const next = stage.arrive({ work: work({ promptTokens: 9000, prefix: [...prefix, { hash: 2, tokens: 9000 }] }) });
  assert.equal(stage.outcomeOf(next), 'm@a');
});

test('a retry leaves no slot', () => {
  const stage = stageAt(0.8, 3, 4, ['a', 'b']);
  const retry = stage.arrive({ tried: ['m@b'], isRetry: true, sinceMs: stage.nowMs - 10_000, work: TOO_LONG });
  assert.equal(stage.outcomeOf(retry), 'm@a');
});
