import { percentileOf } from '../percentile.ts';
import type { RampSample, RampStep } from './samples.ts';

/** Fewer more tokens than this, by doubling the requests at once, is the knee. */
const GROWTH = 1.1;

/** The percentiles of a time, ms. */
export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** The percentiles of the values; `undefined` of no values. */
export function percentilesOf(values: readonly number[]): Percentiles | undefined {
  const [p50, p95, p99] = [50, 95, 99].map((percent) => percentileOf(values, percent));
  return p50 === undefined || p95 === undefined || p99 === undefined ? undefined : { p50, p95, p99 };
}

/** Tokens a second, to a tenth. A time below a millisecond counts as one. */
export function tokensPerSecond(tokens: number, ms: number): number {
  return Math.round((tokens / Math.max(1, ms)) * 10_000) / 10;
}

/** The tokens a second of all clients of a step together. */
export function throughputOf({ samples, wallMs }: RampStep): number {
  return tokensPerSecond(
    samples.reduce((sum, { tokens }) => sum + tokens, 0),
    wallMs,
  );
}

/** The requests at once from which on more of them gave hardly more tokens; `undefined`: not reached. */
export function kneeOf(steps: readonly RampStep[]): number | undefined {
  const flat = steps.findIndex((step, index) => {
    const before = steps[index - 1];
    return before !== undefined && throughputOf(step) < throughputOf(before) * GROWTH;
  });
  return flat < 1 ? undefined : steps[flat - 1]?.concurrency;
}

/**
 * Tokens a second for one client, without the time to the first one; `undefined` for an answer of one token. Pieces that came together say
 * nothing of the time of writing, so then the whole time counts.
 */
export function rateOf({ tokens, totalMs, ttftMs }: RampSample): number | undefined {
  if (ttftMs === undefined || tokens < 2) return undefined;
  const writingMs = totalMs - ttftMs;
  return writingMs < totalMs / 4 ? tokensPerSecond(tokens, totalMs) : tokensPerSecond(tokens - 1, writingMs);
}
