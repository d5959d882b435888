import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { budgetPeriodAt } from '../../../src/gateway/limits/budget-period.ts';
import { budgetDurationOf } from '../../../src/core/budget-duration.ts';
import { endOfDuration } from '../../../src/gateway/admin/duration.ts';

const at = (text: string, date: string, timeZone?: string): readonly string[] => {
  const duration = budgetDurationOf(text);
  assert.ok(duration !== undefined, text);
  const { startMs, endMs } = budgetPeriodAt(duration, Date.parse(date), timeZone);
  return [new Date(startMs).toISOString(), new Date(endMs).toISOString()];
};

test('periods begin where LiteLLM’s do', () => {
  const date = '2026-11-30T13:47:12.345Z'; // A Monday.
  for (const [text, start, end] of [
    ['30s', '2026-11-30T13:47:00.000Z', '2026-11-30T13:47:30.000Z'],
    ['15m', '2026-11-30T13:45:00.000Z', '2026-11-30T14:00:00.000Z'],
    ['1h', '2026-11-30T13:00:00.000Z', '2026-11-30T14:00:00.000Z'],
    ['hourly', '2026-11-30T13:00:00.000Z', '2026-11-30T14:00:00.000Z'],
    ['5h', '2026-11-30T10:00:00.000Z', '2026-11-30T15:00:00.000Z'],
    ['1d', '2026-11-30T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['24h', '2026-11-30T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['7d', '2026-11-30T00:00:00.000Z', '2026-12-07T00:00:00.000Z'],
    ['weekly', '2026-11-30T00:00:00.000Z', '2026-12-07T00:00:00.000Z'],
    ['30d', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['1mo', '2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
    ['3mo', '2026-10-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ] as const)
    assert.deepEqual(at(text, date), [start, end], text);
  assert.deepEqual(at('7d', '2026-11-29T23:59:59Z'), ['2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z']);
  assert.deepEqual(at('5h', '2026-11-30T21:00:00Z')[1], '2026-12-01T00:00:00.000Z');
  assert.deepEqual(budgetPeriodAt(undefined, 5), { startMs: 0, endMs: Infinity });
});

test('periods begin in the time zone, also where clocks are changed', () => {
  const zone = 'Europe/Berlin';
  assert.deepEqual(at('1d', '2026-11-30T23:30:00Z', zone), ['2026-11-30T23:00:00.000Z', '2026-12-01T23:00:00.000Z']);
  // 25 hours, and 23.
  assert.deepEqual(at('1d', '2026-10-25T12:00:00Z', zone), ['2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z']);
  assert.deepEqual(at('1d', '2026-03-29T12:00:00Z', zone), ['2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z']);
  assert.deepEqual(at('30d', '2026-03-31T22:30:00Z', zone), ['2026-03-31T22:00:00.000Z', '2026-04-30T22:00:00.000Z']);
});

test('a moment lies in its period, and the end begins the next one', () => {
  const duration = fc.record({
    count: fc.integer({ min: 1, max: 400 }),
    unit: fc.constantFrom('s', 'm', 'h', 'd', 'w', 'mo' as const),
  });
  const dates = fc.integer({ min: 0, max: Date.UTC(2100, 0) });
  fc.assert(
    fc.property(duration, dates, (length, dateMs) => {
      const { startMs, endMs } = budgetPeriodAt(length, dateMs);
      assert.ok(startMs <= dateMs && dateMs < endMs);
      assert.deepEqual(budgetPeriodAt(length, startMs), { startMs, endMs });
      assert.equal(budgetPeriodAt(length, endMs).startMs, endMs);
    }),
    { numRuns: 3000 },
  );
});

test('other texts are no durations', () => {
  for (const text of ['', '1', 'd', '0d', '1y', '1.5h', '-1d', '1 d', 'yearly', 'constructor', '9999999d'])
    assert.equal(budgetDurationOf(text), undefined, text);
});

/** Changes of clocks: by an hour, half an hour and two, at midnight and at noon of UTC, and over the date line. */
const CHANGES = [
  ['Europe/Berlin', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00Z'],
  ['America/New_York', '2026-03-08T07:00Z'],
  ['America/New_York', '2026-11-01T06:00Z'],
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'],
  ['America/St_Johns', '2026-11-01T04:30Z'],
  ['Africa/Cairo', '2026-10-29T21:00Z'],
  ['Asia/Beirut', '2026-10-24T21:00Z'],
  ['America/Havana', '2026-03-08T05:00Z'],
  ['America/Havana', '2026-11-01T05:00Z'],
  ['Antarctica/Troll', '2026-10-25T01:00Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'],
] as const;

test('where clocks are changed each moment lies in its period, and each period ends where the next one begins', () => {
  for (const [zone, change] of CHANGES)
    for (const text of ['30s', '15m', '1h', '5h', '1d', '36h']) {
      const duration = budgetDurationOf(text);
      let before = -Infinity;
      for (let minutes = -150; minutes <= 150; minutes += 29) {
        const dateMs = Date.parse(change) + minutes * 60_000 + 1;
        const { startMs, endMs } = budgetPeriodAt(duration, dateMs, zone);
        const what = `${zone} ${text} ${new Date(dateMs).toISOString()}`;
        assert.ok(startMs <= dateMs && dateMs < endMs, what);
        assert.ok(startMs >= before, what);
        before = startMs;
        assert.equal(budgetPeriodAt(duration, startMs, zone).startMs, startMs, what);
        assert.equal(budgetPeriodAt(duration, endMs, zone).startMs, endMs, what);
      }
    }
});

test('each duration that the API takes is one of a budget: otherwise it would never begin again', () => {
  const texts = fc.stringMatching(/^\d{1,7}(?:s|m|h|d|w|mo|y|)$/);
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(budgetDurationOf(text) !== undefined, endOfDuration(text, 0) !== undefined, text);
    }),
    { numRuns: 2000 },
  );
  for (const text of ['100000s', 'hourly', 'daily', 'weekly', 'monthly'])
    assert.ok(budgetDurationOf(text) !== undefined && endOfDuration(text, 0) !== undefined, text);
});
