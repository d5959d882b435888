import type { Candidate, Strategy } from './strategy.ts';

/**
 * The backend with the fewest requests in flight; then the deployment with the fewest; then the one chosen longest ago, so that
 * ties rotate.
 */
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
