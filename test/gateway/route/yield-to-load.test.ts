import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedFleet, Stage } from './stage.ts';

const N = { queue: 'n', deployments: ['n@a'] };

/** Serves `n` for a time with one request after the other, each 500 ms long; returns their number. */
function serve(stage: Stage, ms: number): number {
  const endMs = stage.nowMs + ms;
  let served = 0;
  while (stage.nowMs < endMs) {
    const request = stage.arrive(N);
    stage.pass(500);
    if (stage.outcomeOf(request) === 'n@a') {
      served += 1;
      stage.release(request);
    } else stage.apply({ kind: 'left', request });
  }
  return served;
}

/** A stage whose backend has `n` in memory and room for `m`, with a load of `m` begun that takes 2 s by itself. */
function contested(): Stage {
  const stage = new Stage(managedFleet(2, ['a'], ['m', 'n']));
  const first = stage.arrive();
  stage.pass(2000);
  stage.load();
  stage.release(first);
  stage.list('a', 'n');
  stage.release(stage.arrive(N));
  stage.list('a', 'm', 'n');
  stage.list('a');
  stage.list('a', 'n');
  assert.equal(stage.arrive() !== '' && stage.loads.at(-1), 'm@a');
  return stage;
}

test('a load that takes too long stops new requests to the models that it may evict, until it ends', () => {
  const stage = contested();
  assert.equal(serve(stage, 3000), 6, 'the resident model goes on while the load is expected');
  const held = stage.arrive(N);
  stage.pass(20_000);
  assert.equal(stage.outcomeOf(held), 'waits');
  stage.load('cancelled');
  assert.equal(stage.outcomeOf(held), 'n@a');
});

test('if yielding does not help, it pauses for as long, so that no model is blocked for ever', () => {
  const stage = contested();
  serve(stage, 3000);
  const held = stage.arrive(N);
  stage.pass(59_000);
  assert.equal(stage.outcomeOf(held), 'waits');
  stage.pass(2000);
  assert.equal(stage.outcomeOf(held), 'n@a');
  assert.ok(serve(stage, 59_000) > 100);
  assert.equal(serve(stage, 10_000), 0);
});

test('a model on another backend does not yield to a load', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b'], ['m', 'n']));
  stage.warm();
  stage.pass(10);
  for (const backend of ['a', 'b']) stage.list(backend, 'm', 'n');
  for (const backend of ['a', 'b']) stage.list(backend, 'n');
  stage.arrive({ deployments: ['m@a'] });
  assert.deepEqual(stage.loads, ['m@a']);
  stage.pass(40_000);
  const beside = stage.arrive({ queue: 'n', deployments: ['n@a', 'n@b'] });
  assert.equal(stage.outcomeOf(beside), 'n@b');
  const next = stage.arrive({ queue: 'n', deployments: ['n@a', 'n@b'] });
  assert.deepEqual(
    [stage.outcomeOf(next), stage.loads.length],
    ['waits', 1],
    'no model is evicted on the other backend',
  );
});

/** A backend with room for one of two models; a load waits until the other model is idle; each response takes 300 ms. */
class Swapper {
  readonly stage = new Stage(managedFleet(2, ['a'], ['m', 'n']));
  readonly served: string[] = [];
  #resident = '';
  #freeMs = Infinity;
  readonly #running = new Map<string, number>();

  step(): void {
    const { stage } = this;
    stage.pass(100);
    for (const [request, endMs] of this.#running) {
      if (endMs > stage.nowMs) continue;
      this.#running.delete(request);
      this.served.push(stage.leaseOf(request).replica.model);
      stage.release(request);
    }
    if (stage.nowMs % 2000 === 0 && this.#resident !== '') stage.list('a', this.#resident);
    const load = [...stage.fleet.replicas.values()].find((replica) => replica.load !== undefined);
    if (load !== undefined && this.#running.size === 0) {
      if (this.#freeMs === Infinity) this.#freeMs = stage.nowMs + 1000;
      if (this.#freeMs <= stage.nowMs) {
        this.#freeMs = Infinity;
        this.#resident = load.model;
        stage.apply({ kind: 'loaded', replica: load.id, result: 'answered' });
      }
    }
    this.#take();
  }

  /** Both models always have a waiter. */
  want(): void {
    for (const model of ['m', 'n'])
      while (([...this.stage.fleet.queues.values()].find(({ name }) => name === model)?.onTime.all.size ?? 0) < 3)
        this.stage.arrive({ queue: model, deployments: [`${model}@a`], maxWaitMs: 1e9 });
    this.#take();
  }

  #take(): void {
    for (const decision of this.stage.decisions.splice(0))
      if (decision.kind === 'assign')
        this.#running.set(decision.request, this.stage.nowMs + 300 + (this.#running.size % 2) * 150);
  }
}

test('two models that do not fit together are served in turns, and the turns do not grow', () => {
  const server = new Swapper();
  for (let step = 0; step < 6000; step += 1) {
    server.want();
    server.step();
  }
  const turns = server.served.filter((model, index) => model !== server.served[index - 1]);
  const count = (model: string): number => server.served.filter((one) => one === model).length;
  assert.ok(turns.length > 100, `${String(turns.length)} turns in 10 minutes`);
  assert.ok(
    Math.abs(count('m') - count('n')) < server.served.length * 0.2,
    `${String(count('m'))} against ${String(count('n'))}`,
  );
});

test('models yield to an implicit load too', () => {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n']));
  stage.warm();
  stage.pass(10);
  stage.list('a', 'm', 'n');
  const inside = stage.arrive();
  stage.pass(10);
  stage.list('a', 'n');
  serve(stage, 29_000);
  const held = stage.arrive(N);
  assert.equal(stage.outcomeOf(held), 'n@a');
  stage.release(held);
  stage.pass(2000);
  const next = stage.arrive(N);
  assert.equal(stage.outcomeOf(next), 'waits');
  stage.start(inside);
  assert.equal(stage.outcomeOf(next), 'n@a');
});

/** A stage whose backend holds `n`, with a load of `m` begun; nothing is known about its room. */
function evicting(): Stage {
  const stage = new Stage(managedFleet(2, ['a'], ['m', 'n']));
  stage.list('a', 'n');
  stage.arrive();
  assert.deepEqual(stage.loads, ['m@a']);
  return stage;
}

test('while room is made for a load, a model that may have to go gets no requests, and its wait is a wait for a load', () => {
  const stage = evicting();
  const held = stage.arrive(N);
  stage.pass(500);
  stage.list('a');
  stage.pass(10_000);
  assert.equal(stage.outcomeOf(held), 'waits');
  stage.load();
  stage.start('r1');
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
  stage.load();
  assert.deepEqual([stage.outcomeOf(held), stage.decisionFor(held)?.loadMs], ['n@a', 10_500]);
});

test('an idle model that stays in memory during a load serves again, until another model has to go', () => {
  const stage = evicting();
  const held = stage.arrive(N);
  stage.pass(900);
  stage.list('a', 'n');
  assert.equal(stage.outcomeOf(held), 'waits', 'the server may not have chosen yet');
  stage.pass(200);
  stage.list('a', 'n', 'other');
  assert.equal(stage.outcomeOf(held), 'n@a');
  stage.list('a', 'n');
  assert.equal(stage.outcomeOf(stage.arrive(N)), 'waits', 'the server makes room');
});

test('a model that answers when a load begins is spared after it was idle', () => {
  const stage = new Stage(managedFleet(2, ['a'], ['m', 'n']));
  stage.list('a', 'n');
  const running = stage.arrive(N);
  stage.start(running);
  stage.arrive();
  const held = stage.arrive(N);
  stage.pass(5000);
  stage.list('a', 'n');
  assert.equal(stage.outcomeOf(held), 'waits');
  stage.release(running);
  stage.list('a', 'n');
  assert.equal(stage.outcomeOf(held), 'waits');
  stage.pass(1000);
  stage.list('a', 'n');
  assert.equal(stage.outcomeOf(held), 'n@a');
});

test('models that a backend has held together serve during a load of one of them, until one of them leaves for it', () => {
  const stage = new Stage(managedFleet(2, ['a'], ['m', 'n']));
  stage.list('a', 'm', 'n');
  stage.pass(100);
  stage.list('a', 'n');
  stage.arrive();
  const beside = stage.arrive(N);
  assert.deepEqual([stage.loads, stage.outcomeOf(beside)], [['m@a'], 'n@a']);
  stage.release(beside);
  stage.pass(100);
  stage.list('a');
  stage.load();
  stage.list('a', 'm');
  stage.start('r1');
  stage.arrive(N);
  assert.equal(stage.loads.at(-1), 'n@a');
  assert.equal(stage.outcomeOf(stage.arrive()), 'waits', 'there is no room for both');
});
