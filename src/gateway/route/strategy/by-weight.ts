import { fleetRouting } from './fleet-routing.ts';
import { simpleShuffle } from './simple-shuffle.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * The strategy where a file names none: `simple-shuffle`, LiteLLM's default, among deployments of different weights; else `fleet`.
 */
export const byWeight: Strategy = {
  name: fleetRouting.name,
  sharesByWeight: true,
  nameFor: (candidates) => strategyFor(candidates).name,
  choose: (candidates, context) => strategyFor(candidates).choose(candidates, context),
};

function strategyFor(candidates: readonly [Candidate, ...Candidate[]]): Strategy {
  const [{ deployment: first }] = candidates;
  for (const { deployment } of candidates) if (deployment.weight !== first.weight) return simpleShuffle;
  return fleetRouting;
}
