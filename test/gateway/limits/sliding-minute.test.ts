import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlidingMinute } from '../../../src/gateway/limits/sliding-minute.ts';

/** Random histories of each property; `HXLLM_LIMIT_HISTORIES=10000` judges more. */
const numRuns = Number(process.env['HXLLM_LIMIT_HISTORIES'] ?? 500);

/** Pauses of a client in ms, in parts of 1/1024, which add up exactly: bursts, a steady stream, and pauses around the ends of seconds and minutes. */
const PAUSE = fc.oneof(
  fc.constant(0),
  fc.integer({ min: 0, max: 50_000 }).map((parts) => parts / 1024),
  fc.integer({ min: 0, max: 3000 }),
  fc.constantFrom(1, 999, 1000, 1001, 58_999, 59_000, 59_999, 60_000, 60_001, 61_000, 61_001, 120_000),
  fc.integer({ min: 0, max: 130_000 }),
);
const HISTORY = fc.record({
  limit: fc.integer({ min: 1, max: 12 }),
  startMs: fc.integer({ min: 0, max: 5_000_000 }).map((parts) => parts / 1024),
  pauses: fc.array(PAUSE, { maxLength: 150 }),
  /** Whether a refused client waits as long as it is told. */
  obeys: fc.boolean(),
});

test('no 60 s have more than the limit, no request is refused while the last 61 s had room, and each wait holds', () => {
  fc.assert(
    fc.property(HISTORY, ({ limit, startMs, pauses, obeys }) => {
      const minute = new SlidingMinute();
      const taken: number[] = [];
      let nowMs = startMs;
      const within = (ms: number): number => taken.filter((at) => at > nowMs - ms).length;
      const take = (): void => {
        minute.take(nowMs);
        taken.push(nowMs);
        assert.ok(within(60_000) <= limit, `${String(within(60_000))} in 60 s`);
      };
      for (const pause of pauses) {
        nowMs += pause;
        const waitMs = minute.waitMs(limit, nowMs);
        assert.ok(minute.used(nowMs) >= within(60_000) && minute.used(nowMs) <= within(61_000));
        if (waitMs === 0) take();
        else {
          assert.ok(waitMs > 0 && waitMs <= 60_000, String(waitMs));
          assert.ok(within(61_000) >= limit, 'refused with room');
          if (!obeys) continue;
          nowMs += waitMs;
          assert.equal(minute.waitMs(limit, nowMs), 0, 'the wait that was told is enough');
          take();
        }
        const emptyMs = minute.emptyInMs(nowMs);
        assert.ok(emptyMs > 0 && emptyMs <= 60_000);
      }
      nowMs += minute.emptyInMs(nowMs);
      assert.equal(minute.used(nowMs), 0);
    }),
    { numRuns },
  );
});

test('a script may send its minute at once, and again a minute later', () => {
  const minute = new SlidingMinute();
  for (const startMs of [500, 60_500, 500_000]) {
    for (let request = 0; request < 60; request += 1) {
      assert.equal(minute.waitMs(60, startMs), 0);
      minute.take(startMs);
    }
    assert.equal(minute.waitMs(60, startMs), 60_000);
    assert.equal(minute.waitMs(60, startMs + 59_999), 1);
  }
});

test('a lower limit after a reload holds for what was taken before it', () => {
  const minute = new SlidingMinute();
  for (const atMs of [0, 10_000, 20_000]) minute.take(atMs);
  assert.equal(minute.waitMs(4, 30_000), 0);
  assert.equal(minute.waitMs(3, 30_000), 30_000);
  assert.equal(minute.waitMs(1, 30_000), 50_000);
});
