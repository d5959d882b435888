import assert from 'node:assert/strict';
import { mock, test, type TestContext } from 'node:test';
import type { LimitOwner } from '../../../src/gateway/keys/limit-owner.ts';
import { SharedFleet } from './shared-fleet.ts';

const ONE_SLOT = {
  backends: [{ url: 'a', managed: false, slots: 1 }],
  deployments: [{ id: 'm@a', backend: 'a', weight: 1, model: 'm', runnerKey: '[]', single: false }],
};

function stage(t: TestContext, slots = 1): SharedFleet {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const spec = { ...ONE_SLOT, backends: [{ url: 'a', managed: false, slots }] };
  const fleet = new SharedFleet(spec, () => 1);
  t.after(() => {
    fleet.close();
    mock.timers.reset();
  });
  return fleet;
}

test('an instance that hangs while it drains keeps its slots for 5 s at most', async (t) => {
  const fleet = stage(t);
  const old = fleet.start('1');
  await fleet.takeOver(old);
  fleet.ask(old, 'm');
  const next = fleet.start('2');
  await fleet.takeOver(next);
  const client = fleet.ask(next, 'm');
  await fleet.time.pass(2000, 50);
  assert.equal(client.state, 'waiting', 'the slot is in use');
  old.isFrozen = true;
  await fleet.time.pass(5000, 50);
  assert.equal(client.state, 'running');
});

test('an instance whose decider hangs decides by itself within 5 s', async (t) => {
  const fleet = stage(t);
  const old = fleet.start('1');
  await fleet.takeOver(old);
  const [running, waiting] = [fleet.ask(old, 'm'), fleet.ask(old, 'm')];
  const next = fleet.start('2');
  await fleet.takeOver(next);
  await fleet.time.pass(100);
  assert.equal(old.scheduler.fleet.isDelegated, true);
  next.isFrozen = true;
  fleet.end(running);
  await fleet.time.pass(2000, 50);
  assert.equal(waiting.state, 'waiting');
  await fleet.time.pass(3000, 50);
  assert.equal(waiting.state, 'running');
});

test('the waiters of the old instance stand before those that come to the new one, and a caller is charged for what the old one runs', async (t) => {
  const fleet = stage(t, 2);
  const old = fleet.start('1');
  await fleet.takeOver(old);
  const greedy = [fleet.ask(old, 'm', 'greedy'), fleet.ask(old, 'm', 'greedy'), fleet.ask(old, 'm', 'greedy')];
  const next = fleet.start('2');
  await fleet.time.pass(500, 50);
  await fleet.takeOver(next);
  const late = fleet.ask(next, 'm', 'greedy');
  const polite = fleet.ask(next, 'm', 'polite');
  await fleet.time.pass(50);
  assert.equal(next.scheduler.waiting, 3);
  const [first] = greedy;
  assert.ok(first !== undefined);
  fleet.end(first);
  await fleet.time.pass(50);
  assert.deepEqual(
    [greedy[2]?.state, late.state, polite.state],
    ['waiting', 'waiting', 'running'],
    'it has had less than the caller of the running requests',
  );
  fleet.end(polite);
  await fleet.time.pass(50);
  assert.deepEqual([greedy[2]?.state, late.state], ['running', 'waiting'], 'the elder one of the other caller');
});

test('a configuration that has other deployments serves the waiters of the old one, and counts its slots', async (t) => {
  const fleet = stage(t);
  const old = fleet.start('1');
  await fleet.takeOver(old);
  const [running, waiting] = [fleet.ask(old, 'm'), fleet.ask(old, 'm')];
  const next = fleet.start('2', {
    backends: [{ url: 'b', managed: false, slots: 1 }],
    deployments: [{ id: 'm@b', backend: 'b', weight: 1, model: 'm', runnerKey: '[]', single: false }],
  });
  await fleet.takeOver(next);
  await fleet.time.pass(200);
  assert.deepEqual([next.scheduler.inFlight, waiting.state], [1, 'waiting']);
  fleet.end(running);
  await fleet.time.pass(200);
  assert.equal(waiting.state, 'running');
  fleet.end(waiting);
  await fleet.time.pass(200);
  assert.deepEqual([...next.scheduler.fleet.deployments.keys()], ['m@b'], 'nothing of it is left');
});

test('a limit on requests at once counts those that end in elder instances, until they end or their instance is gone', async (t) => {
  const fleet = stage(t);
  const key: LimitOwner = {
    kind: 'key',
    id: 'k',
    alias: 'k',
    limits: { perMinute: undefined, tokensPerMinute: undefined, parallel: 2 },
  };
  const old = fleet.start('1');
  await fleet.takeOver(old);
  const [one, two] = [old.limiter.admit([key], 0), old.limiter.admit([key], 0)];
  assert.ok(one.ok && two.ok);
  const next = fleet.start('2');
  await fleet.takeOver(next);
  await fleet.time.pass(100);
  assert.equal(next.limiter.admit([key], 0).ok, false);
  one.end(0, 0);
  await fleet.time.pass(500, 50);
  const third = next.limiter.admit([key], 0);
  assert.deepEqual([third.ok, next.limiter.admit([key], 0).ok], [true, false]);
  // It hangs with its last request, and is given up.
  old.isFrozen = true;
  await fleet.time.pass(6000, 50);
  assert.equal(next.limiter.admit([key], 0).ok, true);
});
