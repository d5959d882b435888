import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { windowAt, EMPTY_WINDOW, countUse, retryIn } from '../../../src/gateway/route/rate-window.ts';

const LIMITS = { requests: 2, tokens: 100 };

test('a rate window lasts one minute from its first use', () => {
  let rateWindow = countUse(EMPTY_WINDOW, { requests: 1, tokens: 0 }, 5000);
  rateWindow = countUse(rateWindow, { requests: 1, tokens: 30 }, 10_000);
  assert.deepEqual(rateWindow, { sinceMs: 5000, requests: 2, tokens: 30 });
  assert.equal(retryIn(rateWindow, LIMITS, 20_000), 45_000);
  assert.equal(retryIn(rateWindow, LIMITS, 65_000), 0);
  assert.deepEqual(windowAt(rateWindow, 65_000), { sinceMs: 65_000, requests: 0, tokens: 0 });
});

test('tokens and requests are separate limits; an absent limit is no limit', () => {
  const rateWindow = countUse(EMPTY_WINDOW, { requests: 1, tokens: 100 }, 0);
  assert.equal(retryIn(rateWindow, LIMITS, 1), 59_999);
  assert.equal(retryIn(rateWindow, { requests: undefined, tokens: undefined }, 1), 0);
  assert.equal(retryIn(EMPTY_WINDOW, { requests: 0, tokens: undefined }, 7), 60_000, 'a limit of 0');
});

test('random requests: no window exceeds its limit', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30_000), { maxLength: 40 }), (gaps) => {
      let [rateWindow, nowMs] = [EMPTY_WINDOW, 0];
      const sent = new Map<number, number>();
      for (const gap of gaps) {
        nowMs += gap;
        if (retryIn(rateWindow, LIMITS, nowMs) > 0) continue;
        rateWindow = countUse(rateWindow, { requests: 1, tokens: 0 }, nowMs);
        sent.set(rateWindow.sinceMs, (sent.get(rateWindow.sinceMs) ?? 0) + 1);
      }
      for (const count of sent.values()) assert.ok(count <= 2);
    }),
  );
});
