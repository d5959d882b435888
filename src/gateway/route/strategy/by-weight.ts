import { leastBusy } from './least-busy.ts';
import { simpleShuffle } from './simple-shuffle.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * The strategy where a file names none: `simple-shuffle`, LiteLLM's default, among deployments of different weights; else
 * `least-busy`, which gives the same shares and spreads them evenly.
 */
export const byWeight: Strategy = {
  name: leastBusy.name,
  sharesByWeight: true,
  nameFor: (candidates) => strategyFor(candidates).name,
  choose: (candidates, random, nowMs) => strategyFor(candidates).choose(candidates, random, nowMs),
};

function strategyFor(candidates: readonly [Candidate, ...Candidate[]]): Strategy {
  const [{ deployment: first }] = candidates;
  return candidates.every(({ deployment }) => deployment.weight === first.weight) ? leastBusy : simpleShuffle;
}
