import type { Backend, Fleet, DeploymentState } from './fleet.ts';
import { retryIn } from './rate-window.ts';
import type { Replica } from './replica.ts';
import { isReady } from './residency.ts';

/** A place that could take a request. */
export interface Candidate {
  readonly deployment: DeploymentState;
  readonly backend: Backend;
  readonly replica: Replica;
}

/** Whether requests may go to a server. */
export function isUp(backend: Backend): boolean {
  return backend.circuit.state === 'closed';
}

/** The places that may serve a request, now or later: those that are up, did not fail it, nor a load of ours, and are within their limits; of these the first in order. */
export function candidatesOf(
  fleet: Fleet,
  deployments: readonly string[],
  tried: readonly string[],
  nowMs: number,
): readonly Candidate[] {
  const candidates: Candidate[] = [];
  for (const id of deployments) {
    const deployment = fleet.deployments.get(id);
    const backend = deployment === undefined ? undefined : fleet.backends.get(deployment.backend);
    const replica = deployment === undefined ? undefined : fleet.replicas.get(deployment.replica);
    if (
      deployment === undefined ||
      backend === undefined ||
      replica === undefined ||
      !isUp(backend) ||
      tried.includes(id) ||
      nowMs < replica.failingUntilMs ||
      retryIn(deployment.rateWindow, deployment.limits, nowMs) > 0
    )
      continue;
    candidates.push({ deployment, backend, replica });
  }
  return firstInOrder(candidates, nowMs);
}

/** Why there is no candidate, and when there may be one. */
export function whyUnavailable(
  fleet: Fleet,
  deployments: readonly string[],
  tried: readonly string[],
  nowMs: number,
): { readonly reason: 'no-backend' | 'rate-limited'; readonly retryAfterMs: number } {
  let leastMs = Infinity;
  for (const id of deployments) {
    const deployment = fleet.deployments.get(id);
    const backend = deployment === undefined ? undefined : fleet.backends.get(deployment.backend);
    if (deployment === undefined || backend === undefined || !isUp(backend) || tried.includes(id)) continue;
    const waitMs = retryIn(deployment.rateWindow, deployment.limits, nowMs);
    if (waitMs > 0) leastMs = Math.min(leastMs, waitMs);
  }
  return leastMs === Infinity
    ? { reason: 'no-backend', retryAfterMs: 1000 }
    : { reason: 'rate-limited', retryAfterMs: leastMs };
}

// A place that rests gives way to the next in order.
function firstInOrder(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const rested = candidates.filter(({ deployment }) => deployment.cooldownUntilMs <= nowMs);
  let least = Infinity;
  for (const { deployment } of rested.length > 0 ? rested : candidates) least = Math.min(least, deployment.order);
  return least === Infinity ? candidates : candidates.filter(({ deployment }) => deployment.order === least);
}

/** Whether a candidate has in memory what the request needs, and is not about to have something else there. */
export function isWarm({ deployment, replica }: Candidate): boolean {
  return replica.load === undefined && isReady(replica.residency, deployment.runnerKey);
}
