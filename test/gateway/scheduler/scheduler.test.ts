import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Scheduler } from '../../../src/gateway/scheduler/scheduler.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { managedFleet, POLICY } from '../route/stage.ts';

test('a slot assigned to a client that leaves at the same moment is given back', () => {
  const scheduler: Scheduler = new Scheduler(createFleet(managedFleet(2, ['a'])), POLICY, () => 0);
  const slotRequest = {
    queue: 'm',
    deployments: ['m@a'],
    tried: [],
    isRetry: false,
    sinceMs: 0,
    maxWaitMs: Infinity,
    untilMs: Infinity,
    loadedMs: 0,
  };
  const tickets: (string | undefined)[] = [];
  // The first decision cancels the other request, as the responses to one client do when one of them fails.
  const decided = [0, 1].filter((mine) => {
    let heard = false;
    tickets[mine] = scheduler.acquire(slotRequest, (decision) => {
      heard = true;
      assert.equal(mine, 0);
      scheduler.cancel(tickets[1] ?? '');
      if (decision.kind === 'assign') scheduler.release(decision.lease, 'refused');
    });
    return heard;
  });
  assert.deepEqual([decided, scheduler.waiting], [[], 2]);
  scheduler.loaded('a#m', 'answered', undefined);
  assert.deepEqual([scheduler.waiting, scheduler.inFlight], [0, 0]);
  scheduler.acquire(slotRequest, ({ kind }) => {
    assert.deepEqual([kind, scheduler.inFlight], ['assign', 1]);
  });
  assert.equal(scheduler.inFlight, 1, 'a request that is assigned at once keeps its slot');
  scheduler.close();
});

test('a failed load is forgotten with its replica: it is no reason for a model that comes again later', () => {
  const scheduler = new Scheduler(createFleet(managedFleet(1, ['a'])), POLICY, () => 0);
  const reasonOf = (): string | undefined => {
    let reason: string | undefined;
    const wish = { queue: 'm', deployments: ['m@a'], tried: ['m@a'], isRetry: false, sinceMs: 0 };
    scheduler.acquire({ ...wish, maxWaitMs: 1, untilMs: 1, loadedMs: 0 }, (_decision, failedLoad) => {
      reason = failedLoad?.failure.message;
    });
    return reason;
  };
  const failure = { kind: 'upstream', code: null, message: 'no room', fault: 'deployment' } as const;
  scheduler.loaded('a#m', 'deployment-failed', failure);
  assert.equal(reasonOf(), 'no room');
  scheduler.reconfigure(managedFleet(1, ['b']), POLICY);
  scheduler.reconfigure(managedFleet(1, ['a']), POLICY);
  assert.equal(reasonOf(), undefined);
  scheduler.close();
});
