import { windowAt } from '../rate-window.ts';
import type { Candidate, Strategy } from './strategy.ts';

/**
 * The deployment with the least use in its minute: by tokens, then by requests, which count when they are sent; then the one chosen
 * longest ago.
 */
export const usageBased: Strategy = {
  name: 'usage-based-routing',
  choose: (candidates, { nowMs }) =>
    candidates.reduce((best, candidate) => (isBetter(candidate, best, nowMs) ? candidate : best)),
};

function isBetter(a: Candidate, b: Candidate, nowMs: number): boolean {
  const [one, other] = [windowAt(a.deployment.rateWindow, nowMs), windowAt(b.deployment.rateWindow, nowMs)];
  const order =
    one.tokens - other.tokens || one.requests - other.requests || a.deployment.lastPicked - b.deployment.lastPicked;
  return order < 0;
}
