import { costS } from '../cost.ts';
import type { Candidate, Strategy } from './strategy.ts';

/** A smaller difference is noise, and the backends take turns, s. */
const TIE_S = 0.02;

/** The backend on which the request costs least time, its own and that of the others; then the deployment chosen longest ago. */
export const fleetRouting: Strategy = {
  name: 'fleet',
  choose: (candidates, { fleet, estimate }) => {
    const costs: number[] = [];
    let least = Infinity;
    for (const candidate of candidates) {
      const cost = costS(fleet, candidate, estimate);
      costs.push(cost);
      least = Math.min(least, cost);
    }
    let best: Candidate | undefined;
    let index = 0;
    for (const candidate of candidates) {
      if (
        (costs[index] ?? Infinity) <= least + TIE_S &&
        (best === undefined || candidate.deployment.lastPicked < best.deployment.lastPicked)
      )
        best = candidate;
      index += 1;
    }
    return best ?? candidates[0];
  },
};
