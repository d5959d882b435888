import type { Strategy } from './strategy.ts';

/** At random, by weight; without any weight, each with the same chance. */
export const simpleShuffle: Strategy = {
  name: 'simple-shuffle',
  sharesByWeight: true,
  choose: (candidates, { random }) => {
    const sum = candidates.reduce((total, { deployment }) => total + deployment.weight, 0);
    if (sum === 0) return candidates[Math.floor(random() * candidates.length)] ?? candidates[0];
    let left = random() * sum;
    for (const candidate of candidates) {
      left -= candidate.deployment.weight;
      if (left < 0) return candidate;
    }
    return candidates[0];
  },
};
