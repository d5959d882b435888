import type { Strategy } from './strategy.ts';

/** At random, by weight. */
export const simpleShuffle: Strategy = {
  name: 'simple-shuffle',
  choose: (candidates, random) => {
    let left = random() * candidates.reduce((sum, { deployment }) => sum + deployment.weight, 0);
    for (const candidate of candidates) {
      left -= candidate.deployment.weight;
      if (left < 0) return candidate;
    }
    return candidates[0];
  },
};
