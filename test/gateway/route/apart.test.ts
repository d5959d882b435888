import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLEET_POLICY, managedFleet, Stage, work } from './stage.ts';
import { VirtualFleet } from './virtual-fleet.ts';

/** A server for which room for two models is stated; `n` was loaded there after `m`, and then the server lists `left`. */
function stageOf(...left: readonly string[]): Stage {
  const { backends, deployments } = managedFleet(1, ['a'], ['m', 'n']);
  const stage = new Stage({ deployments, backends: backends.map((one) => ({ ...one, room: 2 })) }, FLEET_POLICY);
  use(stage, 'm', 'm');
  use(stage, 'n', ...left);
  assert.deepEqual([stage.loads, stage.unloads], [['m@a', 'n@a'], []]);
  return stage;
}

/** A request, with a load and a list of what is in memory then. */
function use(stage: Stage, model: string, ...listed: readonly string[]): void {
  const before = stage.loads.length;
  const request = stage.arrive({ queue: model, deployments: [`${model}@a`], work: work() });
  for (let second = 0; second < 30 && stage.loads.length === before; second += 1) stage.pass(1000);
  stage.load();
  stage.list('a', ...listed);
  stage.start(request);
  stage.release(request);
  stage.pass(10_000);
}

test('a model that left for another one is unloaded by name the next time, whatever room is stated', () => {
  const stage = stageOf('n');
  use(stage, 'm', 'm');
  assert.deepEqual([stage.loads, stage.unloads], [['m@a', 'n@a', 'm@a'], ['n']]);
});

test('models that are seen together, or whose eviction was ten minutes ago, are loaded as the stated room has it', () => {
  const together = stageOf('n');
  together.list('a', 'm', 'n');
  together.list('a', 'n');
  use(together, 'm', 'm', 'n');
  assert.deepEqual(together.unloads, []);
  const later = stageOf('n');
  for (let minute = 0; minute < 11; minute += 1) {
    later.pass(60_000);
    later.list('a', 'n');
  }
  use(later, 'm', 'm', 'n');
  assert.deepEqual(later.unloads, []);
});

test('three models where one fits are served in turns, as many of them as are said to fit', () => {
  const loadsWith = (stated: number): number => {
    const alias = { servers: [0], clients: 2, answerMs: 50, pauseMs: 100 };
    const setting = { servers: [{ room: 1, stated, slots: 2, loadMs: 500 }], aliases: [alias, alias, alias] };
    const fleet = new VirtualFleet(setting, FLEET_POLICY);
    fleet.run(120_000);
    const served = fleet.served.reduce((sum, count) => sum + count, 0);
    return served / fleet.loads;
  };
  const [right, wrong] = [loadsWith(1), loadsWith(3)];
  assert.ok(wrong > right * 0.8, `${String(wrong)} requests for each load, and ${String(right)} with the true number`);
});
