import assert from 'node:assert/strict';
import { isWarm, type Candidate } from '../../../src/gateway/route/candidate.ts';
import { fittingOf, forgetMemory, residentsOf } from '../../../src/gateway/route/in-memory.ts';
import { mostLoadMs } from '../../../src/gateway/route/load-time.ts';
import type { Fleet } from '../../../src/gateway/route/fleet.ts';
import { waitersOf } from '../../../src/gateway/route/queue.ts';

/**
 * Makes the next event look at the whole fleet, as if there were no index: at every queue for slots and load clocks, at every replica, and
 * at every candidate for those with their model in memory.
 */
export function scanAll(fleet: Fleet): void {
  const { attention, backends, pools, ticks, replicas } = fleet;
  attention.all = true;
  for (const alike of pools.values()) for (const pool of alike) pool.warm = undefined;
  for (const { memory } of backends.values()) forgetMemory(memory);
  for (const replica of replicas.values()) {
    ticks.timed.add(replica);
    ticks.unlisted.add(replica);
  }
}

/** Until the function that it returns is called, every backend is compared for a copy, as if none could be left out before. */
export function compareAll(fleet: Fleet): () => void {
  const pools = [...fleet.pools.values()].flat();
  for (const pool of pools)
    Object.defineProperty(pool, 'hasUnready', { get: () => true, set: () => {}, configurable: true });
  return () => {
    for (const pool of pools) {
      Object.defineProperty(pool, 'hasUnready', { value: false, writable: true, configurable: true, enumerable: true });
      pool.warm = undefined;
    }
  };
}

/** Asserts that every index of a fleet has what a look at the whole fleet finds. */
export function assertIndexes(fleet: Fleet): void {
  const { attention, backends, deployments, pools, poolsOf, queues, replicas, ticks, waiting } = fleet;
  for (const alike of pools.values())
    for (const pool of alike) {
      if (pool.warm !== undefined) {
        assert.deepEqual(ids(pool.warm), ids(pool.candidates.filter(isWarm)));
        const isUnready = (one: Candidate): boolean => one.replica.residency.state === 'resident' && !isWarm(one);
        assert.equal(pool.hasUnready, pool.candidates.some(isUnready));
      }
      assert.deepEqual(
        new Set(pool.queues),
        new Set([...queues.values()].filter(({ deployments: own }) => own.join() === pool.ids.join())),
      );
      for (const { replica } of pool.candidates) assert.ok(poolsOf.get(replica)?.includes(pool));
    }
  for (const replica of replicas.values()) {
    const { abandonedPrefills, slots, inFlight, residency } = replica;
    if (abandonedPrefills.length > 0 || slots.trial !== undefined) assert.ok(ticks.timed.has(replica), replica.id);
    if (inFlight > 0 && (residency.state === 'absent' || residency.listedOthers !== undefined))
      assert.ok(ticks.unlisted.has(replica), replica.id);
    assert.ok(!replica.isTouched);
  }
  for (const backend of backends.values()) {
    assert.equal(ticks.loading.has(backend), backend.loading !== undefined, backend.url);
    if (backend.implicitLoad !== undefined) assert.ok(ticks.implicit.has(backend), backend.url);
    const known = [residentsOf(backend), fittingOf(backend), mostLoadMs(backend)];
    forgetMemory(backend.memory);
    assert.deepEqual(known, [residentsOf(backend), fittingOf(backend), mostLoadMs(backend)]);
  }
  const limits = [...deployments.values()].some(
    ({ limits: { requests, tokens } }) => (requests ?? tokens) !== undefined,
  );
  assert.equal(fleet.isLimited, limits);
  assert.equal(
    fleet.isDraining,
    [...deployments.values(), ...backends.values()].some(({ draining }) => draining),
  );
  assert.deepEqual([attention.all, attention.queues.length, attention.replicas.length], [false, 0, 0]);
  let last = 0;
  for (const queue of queues.values()) {
    assert.ok(queue.turn > last, 'queues are in the order of their turns');
    last = queue.turn;
    const waiters = [...waitersOf(queue)];
    for (const { request } of waiters) assert.equal(waiting.get(request)?.queue, queue);
    assert.equal(queue.byTime.length, waiters.filter(({ untilMs }) => untilMs !== Infinity).length);
    assert.equal(queue.byWait.length, waiters.filter(({ maxWaitMs }) => maxWaitMs !== Infinity).length);
    assert.equal(queue.triedElsewhere, waiters.filter(({ isRetry, tried }) => !isRetry && tried.length > 0).length);
  }
}

function ids(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map(({ deployment }) => deployment.id);
}
