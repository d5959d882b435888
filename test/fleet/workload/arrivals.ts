import type { Random } from '../../../src/simulation/random.ts';

/** Requests a second at a time, ms. */
export type Rate = (atMs: number) => number;

/** Times of a Poisson process, ms, by thinning; the rate is at most `most`. */
export function poisson(random: Random, endMs: number, rate: Rate, most: number): readonly number[] {
  const times: number[] = [];
  for (let atMs = random.exponential(1000 / most); atMs < endMs; atMs += random.exponential(1000 / most))
    if (random.next() * most < rate(atMs)) times.push(atMs);
  return times;
}

/** A constant rate. */
export function steady(random: Random, endMs: number, perSecond: number): readonly number[] {
  return poisson(random, endMs, () => perSecond, perSecond);
}

/** Bursts: exponential times of the high and the low rate, of which the mean is `perSecond`. */
export interface Bursts {
  /** The high rate is that many times the mean. */
  readonly peak: number;
  readonly highMs: number;
  readonly lowMs: number;
}

/** A rate that changes between a high and a low one. */
export function bursty(
  random: Random,
  endMs: number,
  perSecond: number,
  { peak, highMs, lowMs }: Bursts,
): readonly number[] {
  const high = perSecond * peak;
  const low = Math.max(0, (perSecond * (highMs + lowMs) - high * highMs) / lowMs);
  const changes: number[] = [];
  for (let atMs = random.exponential(lowMs); atMs < endMs;) {
    changes.push(atMs);
    atMs += random.exponential(changes.length % 2 === 1 ? highMs : lowMs);
  }
  // A short run would have another mean than a long one.
  const highTotalMs = changes.reduce(
    (sum, atMs, index) => (index % 2 === 0 ? sum + (changes[index + 1] ?? endMs) - atMs : sum),
    0,
  );
  const factor = (perSecond * endMs) / (high * highTotalMs + low * (endMs - highTotalMs));
  let next = 0;
  return poisson(
    random,
    endMs,
    (atMs) => {
      while ((changes[next] ?? Infinity) <= atMs) next += 1;
      return (next % 2 === 1 ? high : low) * factor;
    },
    Math.max(high, low) * factor,
  );
}
