import type { Random } from '../../../src/simulation/random.ts';

/** A distribution of lengths, in tokens: whole numbers of at least 1. */
export type Lengths = (random: Random) => number;

/** A lognormal distribution by its mean; `sigma` is the deviation of the logarithm. */
export function lognormal(mean: number, sigma: number, most: number = 16_000): Lengths {
  const mu = Math.log(mean) - (sigma * sigma) / 2;
  return (random) => whole(Math.exp(mu + sigma * random.normal()), most);
}

/** A lognormal distribution by its mean and its median. */
export function byMedian(mean: number, median: number, most: number): Lengths {
  return lognormal(mean, Math.sqrt(2 * Math.log(mean / median)), most);
}

/** A Pareto distribution: `least` is the shortest, and the lower `alpha` is, the heavier is the tail. */
export function pareto(least: number, alpha: number, most: number): Lengths {
  return (random) => whole(least / (1 - random.next()) ** (1 / alpha), most);
}

function whole(tokens: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(tokens)));
}

/** The lengths of prompts and answers. */
export interface ChatLengths {
  readonly prompt: Lengths;
  readonly output: Lengths;
}

/** Prompts of about 1,000 tokens, and answers of about 200. */
export const CHAT: ChatLengths = { prompt: lognormal(1000, 1), output: lognormal(200, 1, 4000) };
