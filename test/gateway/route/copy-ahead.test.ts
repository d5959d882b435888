import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runnerKey } from '../../../src/gateway/route/residency.ts';
import { FLEET_POLICY, managedFleet, RATES, Stage, work } from './stage.ts';

const SIZES = { m: 4e9, n: 3e9, o: 8e9 } as const;
type Model = keyof typeof SIZES;

/**
 * Two servers of one slot: `m` is in use on `a`, and on `b` is `n`. With `together` in memory at the same time, `b` has shown its room.
 */
function stageOf(together: readonly Model[], sizes: Readonly<Record<Model, number>> | undefined = SIZES): Stage {
  const stage = new Stage(managedFleet(1, ['a', 'b'], ['m', 'n', 'o']), FLEET_POLICY);
  for (const { rates, speed } of stage.fleet.replicas.values()) {
    Object.assign(rates, RATES);
    speed.loadMs = 6000;
  }
  list(stage, 'a', ['m'], sizes);
  list(stage, 'b', together, sizes);
  list(stage, 'b', ['n'], sizes);
  return stage;
}

function list(stage: Stage, backend: string, names: readonly Model[], sizes?: Readonly<Record<Model, number>>): void {
  const models = names.map((name) => ({ name, context: 4096, family: undefined, sizeBytes: sizes?.[name] }));
  stage.apply({ kind: 'listed', backend, listing: { models, askedMs: stage.nowMs } });
}

function ask(stage: Stage, model: Model, from: string): string {
  return stage.arrive({ queue: model, deployments: [`${model}@a`, `${model}@b`], work: work({ key: from }) });
}

/** Lists `n` on the other server, and `m` once it was loaded there. */
const listLoaded = (stage: Stage): void => {
  list(stage, 'b', stage.loads.length === 0 ? ['n'] : ['m', 'n'], SIZES);
};

/** Requests for `m`, one after the other: its server is in use for a part of the time, and nobody waits. `listOther` lists the other server. */
function use(stage: Stage, seconds: number, listOther = listLoaded): void {
  for (let second = 0; second < seconds; second += 1) {
    const request = ask(stage, 'm', 'one');
    stage.start(request);
    stage.pass(900);
    stage.release(request, 'answered', { promptBytes: 100, promptTokens: 300, outTokens: 85, decodeMs: 900 });
    stage.pass(100);
    list(stage, 'a', ['m'], SIZES);
    stage.load();
    listOther(stage);
  }
}

test('a copy is made ahead of the queue where the server has held as many bytes of models', () => {
  const stage = stageOf(['n', 'm']);
  use(stage, 90);
  assert.deepEqual([...new Set(stage.loads)], ['m@b']);
  assert.deepEqual(stage.unloads, []);
});

test('no copy is made ahead of the queue that would end the runner of another alias of the model', () => {
  const { backends, deployments } = managedFleet(1, ['a', 'b'], ['m']);
  const [, onB] = deployments;
  assert.ok(onB !== undefined);
  const long = { ...onB, id: 'long@b', runnerKey: runnerKey({ num_ctx: 8192 }) };
  const stage = new Stage(
    { backends: backends.map((one) => ({ ...one, room: 2 })), deployments: [...deployments, long] },
    FLEET_POLICY,
  );
  for (const { rates, speed } of stage.fleet.replicas.values()) {
    Object.assign(rates, RATES);
    speed.loadMs = 6000;
  }
  const first = stage.arrive({ queue: 'long', deployments: ['long@b'], work: work() });
  stage.load();
  stage.start(first);
  stage.release(first);
  list(stage, 'a', ['m']);
  use(stage, 90, ({ nowMs }) => {
    stage.apply({
      kind: 'listed',
      backend: 'b',
      listing: { models: [{ name: 'm', context: 8192, family: undefined, sizeBytes: 4e9 }], askedMs: nowMs },
    });
  });
  assert.deepEqual(stage.loads, ['long@b']);
});

test('no copy is made ahead of the queue where the room is unknown, or was seen for smaller models alone', () => {
  const unseen = stageOf(['n']);
  use(unseen, 90);
  assert.deepEqual(unseen.loads, []);
  const small = stageOf(['n', 'o'], { ...SIZES, o: 1e9 });
  use(small, 90);
  assert.deepEqual(small.loads, []);
});

test('a request that waits shows the room of an idle server whose models have copies elsewhere', () => {
  for (const copyOfN of [true, false]) {
    const stage = stageOf(['n']);
    if (copyOfN) list(stage, 'a', ['m', 'n'], SIZES);
    stage.release(ask(stage, 'n', 'three'));
    use(stage, 40);
    if (copyOfN) list(stage, 'a', ['m', 'n'], SIZES);
    stage.start(ask(stage, 'm', 'one'));
    assert.equal(stage.outcomeOf(ask(stage, 'm', 'two')), 'waits');
    assert.deepEqual(stage.loads, copyOfN ? ['m@b'] : []);
  }
});
