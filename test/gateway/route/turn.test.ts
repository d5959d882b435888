import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedFleet, Stage } from './stage.ts';

const MODELS = ['m', 'n', 'o'];

const of = (model: string): { readonly queue: string; readonly deployments: readonly string[] } => ({
  queue: model,
  deployments: [`${model}@a`],
});

/** Ends a load, and shows it in a list. */
function loaded(stage: Stage, model: string): void {
  stage.load();
  stage.nowMs += 1;
  stage.list('a', model);
}

test('a load goes to the alias that has waited longest, whichever asked first before', () => {
  const stage = new Stage(managedFleet(1, ['a'], MODELS));
  stage.list('a', 'x');
  const [first, second] = [stage.arrive(), stage.arrive()];
  stage.nowMs += 10;
  stage.arrive(of('o'));
  stage.nowMs += 10;
  stage.arrive(of('n'));
  loaded(stage, 'm');
  stage.start(first);
  stage.pass(1000);
  stage.release(first);
  assert.deepEqual([stage.outcomeOf(second), stage.loads], ['waits', ['m@a', 'o@a']], 'm was served, o never');
  loaded(stage, 'o');
  stage.start('r3');
  assert.deepEqual(stage.loads, ['m@a', 'o@a', 'n@a']);
});

test('a fresh model answers a request of its queue before the backend loads another model', () => {
  const stage = new Stage(managedFleet(1, ['a'], MODELS));
  stage.list('a', 'x');
  const first = stage.arrive();
  stage.arrive(of('n'));
  loaded(stage, 'm');
  stage.pass(5000);
  assert.deepEqual([stage.outcomeOf(first), stage.loads], ['m@a', ['m@a']], 'its request may not have arrived yet');
  stage.start(first);
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
});

test('a fresh model whose clients have left gives way at once', () => {
  const stage = new Stage(managedFleet(1, ['a'], MODELS));
  stage.list('a', 'x');
  const left = stage.arrive();
  stage.arrive(of('n'));
  stage.apply({ kind: 'left', request: left });
  stage.load();
  assert.deepEqual(stage.loads, ['m@a', 'n@a']);
});

test('a model that has to go for a long load is loaded on another server for its waiters', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b'], MODELS));
  for (const backend of ['a', 'b']) stage.list(backend, 'x', 'y');
  stage.list('a', 'm');
  const running = stage.arrive({ deployments: ['m@a', 'm@b'] });
  stage.start(running);
  stage.arrive(of('n'));
  stage.arrive({ deployments: ['m@a', 'm@b'] });
  stage.pass(2000);
  assert.deepEqual([stage.outcomeOf(running), stage.loads], ['m@a', ['n@a']]);
  stage.pass(100);
  assert.deepEqual(stage.loads, ['n@a', 'm@b']);
});

test('a fresh model serves its older waiters too, for as long as its load took', () => {
  const stage = new Stage(managedFleet(1, ['a'], MODELS));
  stage.list('a', 'x');
  const waiters = Array.from({ length: 20 }, () => stage.arrive());
  stage.nowMs += 10;
  stage.arrive(of('n'));
  stage.pass(990);
  loaded(stage, 'm');
  for (let turn = 0; stage.loads.length === 1; turn += 1) {
    const running = waiters[turn] ?? '';
    stage.start(running);
    stage.pass(300);
    stage.release(running);
  }
  assert.deepEqual([stage.loads, stage.nowMs], [['m@a', 'n@a'], 2201]);
});

test('an alias of which a request has a slot elsewhere waits for its next load behind one without a slot', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b'], ['x', 'w', 'q', 'z']));
  const ask = (model: string, ...backends: readonly string[]): string =>
    stage.arrive({ queue: model, deployments: backends.map((backend) => `${model}@${backend}`) });
  stage.list('a', 'x');
  const running = ask('x', 'a', 'b');
  stage.start(running);
  ask('w', 'a');
  stage.list('b', 'p');
  const short = ask('q', 'b');
  const [older, needy] = [ask('x', 'a', 'b'), ask('z', 'b')];
  stage.pass(3000);
  assert.deepEqual(stage.loads, ['w@a', 'q@b'], 'x has to go for w as soon as its request has ended');
  stage.apply({ kind: 'loaded', replica: 'b#q', result: 'answered' });
  stage.start(short);
  stage.release(short);
  assert.deepEqual(stage.loads, ['w@a', 'q@b', 'z@b']);
  assert.deepEqual([stage.outcomeOf(older), stage.outcomeOf(needy)], ['waits', 'waits']);
});
