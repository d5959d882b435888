import { expectedMs } from '../latency.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * The deployment with the least expected time to first content, for this request and those in flight there; then the one chosen
 * longest ago.
 */
export const latencyBased: Strategy = {
  name: 'latency-based-routing',
  choose: (candidates, { nowMs }) =>
    candidates.reduce((best, candidate) => (isBetter(candidate, best, nowMs) ? candidate : best)),
};

function isBetter(a: Candidate, b: Candidate, nowMs: number): boolean {
  const order =
    costOf(a, nowMs) - costOf(b, nowMs) ||
    a.backend.inFlight - b.backend.inFlight ||
    a.deployment.lastPicked - b.deployment.lastPicked;
  return order < 0;
}

function costOf({ deployment, backend }: Candidate, nowMs: number): number {
  return expectedMs(deployment.latency, nowMs) * (1 + backend.inFlight);
}
