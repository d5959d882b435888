import type { Strategy } from './strategy.ts';

/** At random, by weight. */
export const simpleShuffle: Strategy = {
  name: 'simple-shuffle',
  choose: (candidates, random) => {
    let left = random() * candidates.reduce((sum, { place }) => sum + place.weight, 0);
    for (const candidate of candidates) {
      left -= candidate.place.weight;
      if (left < 0) return candidate;
    }
    return candidates[0];
  },
};
