import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SlidingMinute } from '../../../src/gateway/limits/sliding-minute.ts';
import { Random } from '../../../src/simulation/random.ts';
import { workingMsOf } from '../../working-time.ts';

/** Random histories; each is made of one number, since values of fast-check take ten times as long as what they test. */
const numRuns = Number(process.env['HXLLM_LIMIT_HISTORIES'] ?? 10_000);

/** Pauses around the ends of seconds and minutes. */
const EDGES = [1, 999, 1000, 1001, 58_999, 59_000, 59_999, 60_000, 60_001, 61_000, 61_001, 120_000];

const whole = (random: Random, most: number): number => random.below(most + 1);

/** A pause of a client in ms, in parts of 1/1024, which add up exactly: bursts, a steady stream, and edges. */
function pauseOf(random: Random): number {
  switch (whole(random, 5)) {
    case 0:
    case 1:
      return 0;
    case 2:
      return whole(random, 50_000) / 1024;
    case 3:
      return whole(random, 3000);
    case 4:
      return EDGES[whole(random, EDGES.length - 1)] ?? 0;
    default:
      return whole(random, 130_000);
  }
}

interface Taken {
  readonly atMs: number;
  /** Reserved. */
  readonly amount: number;
  /** Its part that counts; after the end of the request the count of the server. */
  counted: number;
}

function sumOf(taken: readonly Taken[], afterMs: number, of: (one: Taken) => number): number {
  let sum = 0;
  for (let index = taken.length - 1; index >= 0; index -= 1) {
    const one = taken[index];
    if (one === undefined || one.atMs <= afterMs) break;
    sum += of(one);
  }
  return sum;
}

/** Judges one history. `most`: the largest amount of a request beside the limit; `settles`: requests end with another amount. */
function judge(seed: number, { limit, most, settles }: { limit: number; most: number; settles: boolean }): void {
  const random = new Random(seed, 'limits');
  const minute = new SlidingMinute();
  const taken: Taken[] = [];
  const open: { readonly second: number; readonly one: Taken }[] = [];
  const obeys = random.next() < 0.5;
  let nowMs = whole(random, 5_000_000) / 1024;
  const take = (amount: number): void => {
    const isUnused = minute.used(nowMs) === 0;
    const one = { atMs: nowMs, amount, counted: amount };
    taken.push(one);
    open.push({ second: minute.take(amount, nowMs), one });
    if (amount > limit) {
      assert.ok(isUnused, 'a request above the limit passes when the minute is unused');
      return;
    }
    const reserved = sumOf(taken, nowMs - 60_000, ({ counted, amount: held }) => Math.min(counted, held));
    assert.ok(reserved <= limit, `${String(reserved)} in 60 s`);
  };
  for (let step = whole(random, 40); step > 0; step -= 1) {
    nowMs += pauseOf(random);
    const ends = settles ? random.below(3) : 0;
    for (let end = 0; end < ends; end += 1) {
      const { second, one } = open.splice(random.below(Math.max(1, open.length)), 1)[0] ?? {};
      if (second === undefined || one === undefined) continue;
      const actual = whole(random, one.amount * 2);
      const more = actual - one.amount;
      if (more > 0) {
        minute.take(more, nowMs);
        taken.push({ atMs: nowMs, amount: 0, counted: more });
      } else {
        minute.giveBack(second, -more, nowMs);
        one.counted = actual;
      }
    }
    const amount = 1 + whole(random, most - 1);
    const used = minute.used(nowMs);
    const counts = (ms: number): number => sumOf(taken, nowMs - ms, ({ counted }) => counted);
    assert.ok(used >= counts(60_000) && used <= counts(61_000));
    const waitMs = minute.waitMs(limit, amount, nowMs);
    if (waitMs === 0) {
      take(amount);
      continue;
    }
    assert.ok(waitMs > 0 && waitMs <= 60_000, String(waitMs));
    assert.ok(counts(61_000) > 0 && counts(61_000) + amount > limit, 'refused with room');
    if (!obeys) continue;
    nowMs += waitMs;
    assert.equal(minute.waitMs(limit, amount, nowMs), 0, 'the wait that was told is enough');
    take(amount);
    assert.ok(minute.emptyInMs(nowMs) > 0 && minute.emptyInMs(nowMs) <= 60_000);
  }
  nowMs += minute.emptyInMs(nowMs);
  assert.equal(minute.used(nowMs), 0);
}

const LAWS = 'no 60 s have more than the limit, none is refused while the last 61 s had room, and each wait holds';

for (const [what, most, settles] of [
  ['requests', 1, false],
  ['tokens that are set right at the end', 12, true],
] as const)
  test(`${what}: ${LAWS}`, async () => {
    const ms = await workingMsOf(() => {
      fc.assert(
        fc.property(fc.integer(), (seed) => {
          judge(seed, { limit: 1 + (Math.abs(seed) % 10), most, settles });
        }),
        { numRuns },
      );
    });
    assert.ok(ms < numRuns, `${String(ms)} ms for ${String(numRuns)} histories`);
  });

test('a script may send its minute at once, and again a minute later', () => {
  const minute = new SlidingMinute();
  for (const startMs of [500, 60_500, 500_000]) {
    for (let request = 0; request < 60; request += 1) {
      assert.equal(minute.waitMs(60, 1, startMs), 0);
      minute.take(1, startMs);
    }
    assert.equal(minute.waitMs(60, 1, startMs), 60_000);
    assert.equal(minute.waitMs(60, 1, startMs + 59_999), 1);
  }
});

test('a lower limit after a reload holds for what was taken before it', () => {
  const minute = new SlidingMinute();
  for (const atMs of [0, 10_000, 20_000]) minute.take(1, atMs);
  assert.equal(minute.waitMs(4, 1, 30_000), 0);
  assert.equal(minute.waitMs(3, 1, 30_000), 30_000);
  assert.equal(minute.waitMs(1, 1, 30_000), 50_000);
});

test('an amount above the limit fits when nothing else counts; a part given back after its minute changes nothing', () => {
  const minute = new SlidingMinute();
  const second = minute.take(30, 0);
  assert.equal(minute.waitMs(10, 25, 20_000), 40_000);
  minute.giveBack(second, 30, 30_000);
  assert.equal(minute.waitMs(10, 25, 30_000), 0);
  const later = minute.take(25, 30_000);
  minute.take(5, 89_000);
  assert.equal(minute.used(90_000), 5);
  minute.giveBack(later, 25, 90_000);
  assert.equal(minute.used(90_000), 5);
});
