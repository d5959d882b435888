import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitOwner } from '../../../src/gateway/keys/limit-owner.ts';
import { Budgets } from '../../../src/gateway/limits/budgets.ts';
import { limitLines } from '../../../src/gateway/limits/limit-headers.ts';
import { Limiter } from '../../../src/gateway/limits/limiter.ts';
import { workingMsOf } from '../../working-time.ts';

const REQUESTS = 20_000;

test('four limits and a budget take microseconds of a request', async () => {
  const limits = { perMinute: 1e9, tokensPerMinute: 1e12, parallel: 1000 };
  const budget = { tokens: 1e15, money: undefined, duration: { count: 1, unit: 'd' as const } };
  const owners = ['a', 'b', 'c', 'd'].map((alias): LimitOwner => ({ kind: 'key', alias, id: alias, limits }));
  const [first, ...others] = owners;
  assert.ok(first !== undefined);
  const all = [{ ...first, budget }, ...others];
  const limiter = new Limiter();
  const budgets = new Budgets();
  const amounts = { tokens: 100, money: 0 };
  const ms = await workingMsOf(() => {
    for (let request = 0; request < REQUESTS; request += 1) {
      const nowMs = request / 10;
      const opened = limiter.open(all, nowMs);
      assert.ok(opened.ok && budgets.refusalOf(all, amounts, nowMs) === undefined);
      assert.ok(opened.count(all, 100, nowMs) === undefined);
      const hold = budgets.hold(all, amounts, nowMs);
      limitLines(opened.nearest, nowMs);
      opened.end(50, nowMs);
      hold?.settle(amounts);
    }
  });
  // 3 µs each on a machine at rest; a minute that is counted anew for each request would take 50.
  assert.ok(ms < REQUESTS * 0.012, `${String((ms / REQUESTS) * 1000)} µs`);
});
