import assert from 'node:assert/strict';
import { test } from 'node:test';
import { arrivalRate } from '../../../src/gateway/route/demand.ts';
import { capacityOf } from '../../../src/gateway/route/fair-order.ts';
import { createPlaceFacts, regretOf } from '../../../src/gateway/route/victim.ts';
import type { PrefixLink } from '../../../src/gateway/route/work.ts';
import type { Decision } from '../../../src/gateway/route/event.ts';
import { FLEET_POLICY, managedFleet, RATES, Stage, work } from './stage.ts';

function stageOf(slots: number, backends: readonly string[], models: readonly string[] = ['m']): Stage {
  const stage = new Stage(managedFleet(slots, backends, models), FLEET_POLICY);
  stage.warm();
  for (const backend of backends) stage.list(backend, ...models);
  for (const replica of stage.fleet.replicas.values()) Object.assign(replica.rates, RATES);
  return stage;
}

test('of two waiters the older one goes to the backend that has a free slot', () => {
  const stage = stageOf(1, ['a', 'b']);
  const [one, two] = [stage.arrive({ work: work() }), stage.arrive({ work: work() })];
  const waiting = [1, 2].map(() => {
    stage.nowMs += 10;
    return stage.arrive({ work: work() });
  });
  const freed = stage.outcomeOf(two);
  stage.release(two);
  assert.deepEqual(
    waiting.map((request) => stage.outcomeOf(request)),
    [freed, 'waits'],
  );
  stage.release(one);
});

test('the next turn of a long conversation goes to the backend that has it, a short prompt to the idle one', () => {
  const stage = stageOf(4, ['a', 'b']);
  const prefix: readonly PrefixLink[] = [{ hash: 1, tokens: 3000 }];
  const longer = [...prefix, { hash: 2, tokens: 3100 }];
  const first = stage.arrive({ work: work({ promptTokens: 3000, prefix }) });
  const home = stage.outcomeOf(first);
  stage.start(first);
  stage.release(first, 'answered', { promptBytes: 12_000, promptTokens: 3000, outTokens: 50, prefillMs: 857 });
  const busy = stage.arrive({ work: work({ promptTokens: 3050, prefix: longer }) });
  assert.equal(stage.outcomeOf(busy), home);
  stage.start(busy);
  const short = stage.arrive({ work: work() });
  assert.notEqual(stage.outcomeOf(short), home);
});

test('a second caller gets the next slot, whatever the first one has waiting', () => {
  const stage = stageOf(4, ['a']);
  const greedy = Array.from({ length: 40 }, () => stage.arrive({ work: work({ key: 'x' }) }));
  stage.nowMs += 1000;
  const polite = stage.arrive({ work: work({ key: 'y' }) });
  stage.release(greedy[0] ?? '');
  assert.equal(stage.outcomeOf(polite), 'm@a');
  stage.release(greedy[1] ?? '');
  const waits = greedy.filter((request) => stage.outcomeOf(request) === 'waits').length;
  assert.equal(waits, 36, 'the last slot is kept while another caller asks');
});

test('a caller that has half of the slots leaves the last one, whoever has the others', () => {
  const stage = stageOf(4, ['a']);
  for (const key of ['x', 'x', 'y']) stage.start(stage.arrive({ work: work({ key }) }));
  const [third, other] = ['x', 'z'].map((key) => stage.arrive({ work: work({ key }) }));
  assert.deepEqual([stage.outcomeOf(third ?? ''), stage.outcomeOf(other ?? '')], ['waits', 'm@a']);
});

test('a request waits in the gateway while a long prompt is read, and a shorter one that comes later does not wait for it inside', () => {
  const stage = stageOf(4, ['a']);
  const long = stage.arrive({ work: work({ promptTokens: 3000 }) });
  stage.nowMs += 10;
  const next = stage.arrive({ work: work() });
  assert.equal(stage.outcomeOf(next), 'waits');
  stage.start(long);
  assert.equal(stage.outcomeOf(next), 'm@a');
});

test('late requests come after all that can still begin in time, and batches after both', () => {
  const stage = stageOf(1, ['a']);
  const running = stage.arrive({ work: work() });
  const batch = stage.arrive({ work: work({ batch: true }), maxWaitMs: 240_000 });
  const late = stage.arrive({ work: work() });
  stage.nowMs += 2500;
  const onTime = stage.arrive({ work: work() });
  const order: string[] = [];
  for (let running2 = running; order.length < 3;) {
    stage.decisions.length = 0;
    stage.start(running2);
    stage.release(running2);
    const next = [batch, late, onTime].find((request) => stage.decisionFor(request) !== undefined);
    assert.ok(next !== undefined);
    order.push(next);
    running2 = next;
  }
  assert.deepEqual(order, [onTime, late, batch]);
});

/** A server with room for two: m is in use, n is at work and has to go for o, for which a request waits. */
function makingRoom(): { stage: Stage; ask: (model: string) => string; running: string; needy: string } {
  const stage = new Stage(managedFleet(1, ['a'], ['m', 'n', 'o']), FLEET_POLICY);
  const ask = (model: string): string =>
    stage.arrive({ queue: model, deployments: [`${model}@a`], work: work({ key: model }) });
  for (const model of ['m', 'n']) {
    const request = ask(model);
    stage.pass(2000);
    stage.load();
    stage.list('a', ...(model === 'm' ? ['m'] : ['m', 'n']));
    stage.start(request);
    stage.release(request);
  }
  const backend = stage.fleet.backends.get('a');
  assert.ok(backend !== undefined);
  backend.fullAt = 2;
  // m is in use, n was not asked for since.
  for (let second = 0; second < 60; second += 1) {
    stage.pass(1000);
    const request = ask('m');
    if (stage.outcomeOf(request) !== 'waits') {
      stage.start(request);
      stage.release(request);
    }
  }
  stage.decisions.length = 0;
  const running = ask('n');
  stage.start(running);
  const needy = ask('o');
  stage.pass(7000);
  assert.deepEqual([stage.unloads, stage.loads], [[], []], 'n is at work');
  return { stage, ask, running, needy };
}

test('a load names the model that is missed least, and waits until it is idle', () => {
  const { stage, ask, running } = makingRoom();
  assert.equal(stage.outcomeOf(ask('n')), 'waits', 'n gets no more requests');
  assert.equal(stage.outcomeOf(ask('m')), 'm@a');
  stage.release(running);
  assert.deepEqual([stage.unloads, stage.loads], [['n'], []], 'the request for m is on its way');
  stage.pass(600);
  assert.deepEqual([stage.unloads, stage.loads], [['n'], ['o@a']]);
});

test('a model serves on at once where nobody waits any more for the load that it was to go for', () => {
  const { stage, ask, running, needy } = makingRoom();
  stage.apply({ kind: 'left', request: needy });
  stage.release(running);
  assert.equal(stage.outcomeOf(ask('n')), 'n@a');
});

test('a list that still shows an unloaded model does not bring it back', () => {
  for (const arrives of ['during the load', 'after it']) {
    const { backends, deployments } = managedFleet(1, ['a'], ['n', 'o']);
    const stage = new Stage({ deployments, backends: backends.map((one) => ({ ...one, room: 1 })) }, FLEET_POLICY);
    const ask = (model: string): string => stage.arrive({ queue: model, deployments: [`${model}@a`], work: work() });
    const first = ask('n');
    stage.load();
    stage.list('a', 'n');
    stage.start(first);
    stage.release(first);
    stage.pass(10_000);
    stage.decisions.length = 0;
    const needy = ask('o');
    for (let second = 0; second < 30 && stage.loads.length === 0; second += 1) stage.pass(1000);
    assert.deepEqual([stage.unloads, stage.loads], [['n'], ['o@a']]);
    const askedMs = stage.nowMs;
    const listing = { models: [{ name: 'n', context: 4096, family: undefined }], askedMs };
    const list = (): readonly Decision[] => stage.apply({ kind: 'listed', backend: 'a', listing });
    if (arrives === 'during the load') list();
    // A small model is loaded before the next list.
    stage.nowMs += 35;
    stage.load();
    if (arrives === 'after it') list();
    assert.equal(stage.outcomeOf(needy), 'o@a');
    stage.start(needy);
    stage.release(needy);
    assert.equal(stage.outcomeOf(ask('n')), 'waits', `a list that arrives ${arrives}`);
  }
});

test('room is made no longer where only a request waits that has failed on that backend', () => {
  const { backends, deployments } = managedFleet(1, ['a', 'b'], ['m', 'o']);
  const stage = new Stage(
    { deployments, backends: backends.map((backend) => ({ ...backend, room: 1 })) },
    FLEET_POLICY,
  );
  const retry = (model: string, tried: string): string =>
    stage.arrive({ queue: model, deployments: [`${model}@a`, `${model}@b`], tried: [`${model}@${tried}`] });
  const running = retry('m', 'b');
  const needy = retry('o', 'b');
  stage.load();
  stage.pass(500);
  retry('o', 'a');
  stage.start(running);
  assert.ok(stage.fleet.backends.get('a')?.makingRoom !== undefined, 'm is at work');
  stage.apply({ kind: 'left', request: needy });
  stage.release(running);
  assert.deepEqual([stage.unloads, stage.loads], [[], ['m@a', 'o@b']]);
});

test('a copy is hardly missed while the others have a tenth of their time to spare, and missed without it', () => {
  const stage = stageOf(4, ['a', 'b']);
  stage.arrive({ work: work() });
  const demand = stage.fleet.demands.get('m');
  const victim = stage.fleet.replicas.get('b#m');
  assert.ok(demand !== undefined && victim !== undefined);
  victim.usedMs = Number.NEGATIVE_INFINITY;
  const { rate } = capacityOf(stage.fleet, { name: 'm', deployments: ['m@a'] });
  const regretAt = (use: number): number => {
    Object.assign(demand, {
      fastRate: use * rate,
      slowRate: use * rate,
      sinceMs: Number.NEGATIVE_INFINITY,
      atMs: stage.nowMs,
    });
    return regretOf(stage.fleet, victim, createPlaceFacts(stage.nowMs)) / arrivalRate(demand, stage.nowMs);
  };
  const [spare, tight] = [regretAt(0.85), regretAt(1.2)];
  assert.ok(spare < tight / 5, `${String(spare)} and ${String(tight)}`);
});

/** Copies that are made while nobody waits, where one backend has m and n, the other m, and `room` models fit on each. */
function copiesAhead(room: number | undefined): readonly string[] {
  const spec = managedFleet(4, ['a', 'b'], ['m', 'n']);
  const stage = new Stage({ ...spec, backends: spec.backends.map((one) => ({ ...one, room })) }, FLEET_POLICY);
  stage.list('a', 'm', 'n');
  stage.list('b', 'm');
  const ask = (): void => {
    const request = stage.arrive({ queue: 'n', deployments: ['n@a', 'n@b'], work: work() });
    stage.start(request);
    stage.release(request);
  };
  for (let turn = 0; turn < 120; turn += 1) {
    stage.nowMs += 500;
    ask();
    stage.list('b', 'm');
  }
  return stage.loads;
}

test('while nobody waits, a copy goes only where a model more fits: stated, or seen', () => {
  assert.deepEqual(copiesAhead(2), ['n@b']);
  assert.deepEqual(copiesAhead(1), []);
  assert.deepEqual(copiesAhead(undefined), []);
});
