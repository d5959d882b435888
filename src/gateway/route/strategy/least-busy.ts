import type { Candidate, Strategy } from './strategy.ts';

/** The server with the fewest requests in flight; then the model with the fewest there; then whichever was chosen longest ago, so that ties rotate. */
export const leastBusy: Strategy = {
  name: 'least-busy',
  choose: (candidates) => candidates.reduce((best, candidate) => (isBetter(candidate, best) ? candidate : best)),
};

function isBetter(a: Candidate, b: Candidate): boolean {
  const order =
    a.backend.inFlight - b.backend.inFlight ||
    a.deployment.inFlight - b.deployment.inFlight ||
    a.deployment.lastPicked - b.deployment.lastPicked;
  return order < 0;
}
