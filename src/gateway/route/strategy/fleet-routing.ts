import { costS } from '../cost.ts';
import type { Candidate, Strategy } from './strategy.ts';

/** A smaller difference is noise, and the backends take turns, s. */
const TIE_S = 0.02;

/** The backend on which the request costs least time, its own and that of the others; then the deployment chosen longest ago. */
export const fleetRouting: Strategy = {
  name: 'fleet',
  choose: (candidates, { fleet, estimate }) => {
    let least = Infinity;
    const costs = candidates.map((candidate) => {
      const cost = costS(fleet, candidate, estimate);
      least = Math.min(least, cost);
      return cost;
    });
    let best: Candidate | undefined;
    for (const [index, candidate] of candidates.entries())
      if (
        (costs[index] ?? Infinity) <= least + TIE_S &&
        (best === undefined || candidate.deployment.lastPicked < best.deployment.lastPicked)
      )
        best = candidate;
    return best ?? candidates[0];
  },
};
