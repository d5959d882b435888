import assert from 'node:assert/strict';
import { test } from 'node:test';
import { managedFleet, Stage } from './stage.ts';

const of = (model: string, ...backends: readonly string[]): { queue: string; deployments: readonly string[] } => ({
  queue: model,
  deployments: (backends.length === 0 ? ['a'] : backends).map((backend) => `${model}@${backend}`),
});

/** A server with `m` in memory, whose request has just been sent, and a waiter for `n`. */
function sentAndNeeded(slots = 2): { stage: Stage; sent: string; needy: string } {
  const stage = new Stage(managedFleet(slots, ['a'], ['m', 'n']));
  stage.list('a', 'm', 'x');
  return { stage, sent: stage.arrive(), needy: stage.arrive(of('n')) };
}

test('a load waits for a request on its way: it would evict the idle model, and the request would load it again', () => {
  const { stage, sent, needy } = sentAndNeeded();
  assert.deepEqual([stage.outcomeOf(sent), stage.loads], ['m@a', []]);
  stage.nowMs += 10;
  const next = stage.arrive();
  assert.equal(stage.outcomeOf(next), 'waits', 'nothing more goes to the model: the load would never begin');
  stage.start(sent);
  assert.deepEqual(stage.loads, ['n@a']);
  stage.load();
  assert.deepEqual([stage.outcomeOf(needy), stage.fleet.heldLoads.size], ['n@a', 0]);
});

test('a load waits for a request on its way no longer than its way takes: a prompt may be long', () => {
  const { stage } = sentAndNeeded();
  stage.pass(400);
  assert.deepEqual(stage.loads, []);
  stage.pass(100);
  assert.deepEqual(stage.loads, ['n@a']);
});

test('the end of a request on its way is as good as its start', () => {
  const { stage, sent } = sentAndNeeded();
  stage.release(sent, 'cancelled');
  assert.deepEqual(stage.loads, ['n@a']);
});

test('a load that waits is dropped with its last waiter, and the model goes on serving', () => {
  const { stage, needy } = sentAndNeeded();
  const next = stage.arrive();
  stage.apply({ kind: 'left', request: needy });
  assert.deepEqual([stage.outcomeOf(next), stage.loads, stage.fleet.heldLoads.size], ['m@a', [], 0]);
  const again = stage.arrive(of('n'));
  stage.pass(500);
  stage.load();
  assert.deepEqual([stage.loads, stage.outcomeOf(again)], [['n@a'], 'n@a']);
});

test('a load that evicts nothing waits for no request', () => {
  const stage = new Stage(managedFleet(2, ['a'], ['m', 'n']));
  stage.list('a', 'm', 'n');
  stage.list('a', 'm');
  stage.arrive();
  stage.arrive(of('n'));
  assert.deepEqual(stage.loads, ['n@a']);
});

test('a server that dies while a load waits gets the load of its next life', () => {
  const { stage, sent } = sentAndNeeded();
  stage.release(sent, 'backend-failed');
  assert.deepEqual([stage.fleet.heldLoads.size, stage.fleet.backends.get('a')?.loading], [0, undefined]);
  stage.apply({ kind: 'probed', backend: 'a', alive: true });
  const later = stage.arrive(of('n'));
  stage.load();
  assert.deepEqual([stage.loads, stage.outcomeOf(later)], [['n@a'], 'n@a']);
});

test('the first copy of a model comes before another copy of one that is served elsewhere', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b'], ['m', 'n', 'o']));
  stage.list('a', 'm');
  stage.list('b', 'x');
  const left = stage.arrive(of('o', 'b'));
  const running = stage.arrive(of('m', 'a', 'b'));
  stage.start(running);
  const waiter = stage.arrive(of('m', 'a', 'b'));
  stage.pass(20_000);
  const needy = stage.arrive(of('n', 'b'));
  stage.apply({ kind: 'left', request: left });
  stage.load();
  assert.deepEqual([stage.loads, stage.outcomeOf(waiter)], [['o@b', 'n@b'], 'waits']);
  stage.load();
  assert.equal(stage.outcomeOf(needy), 'n@b');
});

test('a response of a model that was absent makes the last list useless: nothing has room by it', () => {
  const stage = new Stage(managedFleet(2, ['a'], ['m', 'n']));
  stage.list('a', 'm');
  const sent = stage.arrive();
  stage.nowMs += 1;
  stage.list('a');
  stage.start(sent);
  const needy = stage.arrive(of('n'));
  const next = stage.arrive();
  assert.deepEqual([stage.loads, stage.outcomeOf(needy), stage.outcomeOf(next)], [['n@a'], 'waits', 'waits']);
});

test('a load that waits is dropped in the moment in which a slot comes free for its last waiter', () => {
  const stage = new Stage(managedFleet(1, ['a', 'b'], ['n', 'o']));
  stage.list('b', 'o');
  const needy = stage.arrive(of('n', 'a', 'b'));
  assert.equal(stage.outcomeOf(stage.arrive(of('o', 'b'))), 'o@b');
  stage.load('busy');
  stage.list('a', 'n');
  assert.deepEqual(
    [stage.fleet.heldLoads.size, stage.outcomeOf(needy)],
    [1, 'waits'],
    'n@a rests, and o is on its way',
  );
  stage.pass(500);
  assert.deepEqual([stage.outcomeOf(needy), stage.loads], ['n@a', ['n@a']]);
});
