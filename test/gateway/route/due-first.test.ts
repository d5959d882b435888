import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SlotRequest } from '../../../src/gateway/route/event.ts';
import { FLEET_POLICY, managedFleet, RATES, Stage, work } from './stage.ts';

function stageOf(slots: number, backends: readonly string[], models: readonly string[] = ['m']): Stage {
  const stage = new Stage(managedFleet(slots, backends, models), FLEET_POLICY);
  stage.warm();
  for (const backend of backends) stage.list(backend, ...models);
  for (const replica of stage.fleet.replicas.values()) Object.assign(replica.rates, RATES);
  return stage;
}

test('of requests on time the one whose work is due first goes first; while another alias waits, the oldest', () => {
  for (const others of [false, true]) {
    const stage = stageOf(1, ['a'], ['m', 'n']);
    const running = stage.arrive({ work: work() });
    stage.start(running);
    stage.nowMs += 10;
    const older = stage.arrive({ work: work({ maxTokens: 150 }) });
    stage.nowMs += 10;
    const shorter = stage.arrive({ work: work({ maxTokens: 5 }) });
    if (others) {
      stage.start(stage.arrive({ deployments: ['n@a'], work: work() }));
      stage.arrive({ deployments: ['n@a'], work: work() });
    }
    stage.release(running);
    assert.deepEqual(
      [older, shorter].map((request) => stage.outcomeOf(request)),
      others ? ['m@a', 'waits'] : ['waits', 'm@a'],
    );
  }
});

test('a caller with one request more, and no more than 6 s of work, lets the earlier due go first; a greedy one does not', () => {
  for (const [waiting, wanted] of [
    [1, 'waits'],
    [3, 'm@a'],
  ] as const) {
    const stage = stageOf(1, ['a']);
    const running = stage.arrive({ work: work({ key: 'x' }) });
    stage.start(running);
    const first = Array.from({ length: waiting }, () => stage.arrive({ work: work({ key: 'x', maxTokens: 20 }) }));
    stage.nowMs += 500;
    const polite = stage.arrive({ work: work({ key: 'y', maxTokens: 20 }) });
    stage.release(running);
    assert.equal(stage.outcomeOf(polite), wanted, first.map((request) => stage.outcomeOf(request)).join());
  }
});

test('a first token is due after 2 s, and after 15 s where no server has the model in memory; a retry is never late', () => {
  const due = (stage: Stage, more: Partial<SlotRequest> = {}): number | undefined => {
    const request = stage.arrive({ work: work(), ...more });
    const dueMs = stage.fleet.waiting.get(request)?.waiter.dueMs;
    return dueMs === undefined ? undefined : dueMs - stage.nowMs;
  };
  const warm = stageOf(1, ['a']);
  assert.equal(due(warm), undefined, 'it has the slot');
  assert.deepEqual([due(warm), due(warm, { isRetry: true })], [2000, Infinity]);
  const cold = new Stage(managedFleet(1, ['a']), FLEET_POLICY);
  cold.list('a');
  assert.equal(due(cold), 15_000);
});
