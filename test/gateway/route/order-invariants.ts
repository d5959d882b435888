import assert from 'node:assert/strict';
import { priceS } from '../../../src/gateway/route/cost.ts';
import { capacityOf } from '../../../src/gateway/route/fair-order.ts';
import type { Fleet } from '../../../src/gateway/route/fleet.ts';
import { goesFirst, leadS } from '../../../src/gateway/route/flow.ts';
import type { NextWaiter } from '../../../src/gateway/route/order.ts';
import { waitersOf, type Queue, type Waiter } from '../../../src/gateway/route/queue.ts';
import { prefillRate } from '../../../src/gateway/route/rates.ts';

/** A waiter is late from this time before its target, and begins at the earliest after this time, ms and s. */
const LEAST_LEFT_MS = 200;
const START_S = 0.1;
/** Callers are even whose time of servers differs by no more, s. */
const EVEN_S = 15;

/** Asserts the invariants 5 and 6 of a waiter that goes first. Requests that can begin in time are found without the set: by itself, or all together. */
export function checkOrder(fleet: Fleet, queue: Queue, { waiter, late }: NextWaiter, nowMs: number): void {
  const others = [...waitersOf(queue)].filter(
    (one) => !one.isRetry && !one.batch && nowMs <= one.dueMs - LEAST_LEFT_MS && one !== waiter,
  );
  const { count, fastest } = capacityOf(fleet, queue);
  if (fastest === undefined) return;
  const workS = ({ unreadTokens, estimate }: Waiter): number =>
    priceS(fleet, fastest, unreadTokens, estimate.outTokens) / count;
  const leftS = ({ dueMs, unreadTokens }: Waiter): number =>
    (dueMs - nowMs) / 1000 - unreadTokens / prefillRate(fleet, fastest) - START_S;
  if (late) {
    const early = others.find((one) => workS(one) <= leftS(one));
    assert.equal(early?.request, undefined, `${waiter.request} is late, and goes before a request on time`);
    return;
  }
  const all = [waiter, ...others];
  const sumS = all.reduce((sum, one) => sum + workS(one), 0);
  if (all.length > 64 || sumS > Math.min(...all.map(leftS))) return;
  // While other aliases wait, the caller that has had least, with its oldest request.
  if (fleet.queues.size > 1) {
    const first = others.find((one) =>
      one.flow === waiter.flow ? one.sinceMs < waiter.sinceMs : goesFirst(one.flow, waiter.flow),
    );
    assert.equal(first?.request, undefined, `${waiter.request} goes before a caller that has had less`);
    return;
  }
  const least = all.filter((one) => !all.some(({ flow }) => goesFirst(flow, one.flow)));
  const isEven = least.some(
    ({ flow }) => flow === waiter.flow || (waiter.flow.live <= flow.live + 1 && leadS(waiter.flow, flow) <= EVEN_S),
  );
  assert.ok(isEven, `${waiter.request} goes before a caller that has had less`);
  const dueS = (one: Waiter): number => leftS(one) + workS(one);
  const earlier = others.find((one) => one.flow === waiter.flow && dueS(one) < dueS(waiter));
  assert.equal(earlier?.request, undefined, `${waiter.request} goes before one of its caller that is due earlier`);
}
