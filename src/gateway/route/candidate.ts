import type { Backend, Fleet, DeploymentState } from './fleet.ts';
import { retryIn } from './rate-window.ts';
import type { Replica } from './replica.ts';
import { isReady } from './residency.ts';

/** LiteLLM's `retry-after` for a rate limit, whatever is left of the minute, ms. */
const RATE_LIMITED_MS = 60_000;

/** A deployment that could serve a request, with its backend and replica. */
export interface Candidate {
  readonly deployment: DeploymentState;
  readonly backend: Backend;
  readonly replica: Replica;
}

/** Whether requests may go to a backend. */
export function isUp(backend: Backend): boolean {
  return backend.circuit.state === 'closed';
}

/**
 * The deployments that may serve a request, now or later: up, not tried, without a failed load, and within their rate limits; of
 * these only those with the lowest `order`.
 */
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

/** Why a request has no candidate, and when it may have one. */
export function whyUnavailable(
  fleet: Fleet,
  deployments: readonly string[],
  tried: readonly string[],
  nowMs: number,
): { readonly reason: 'no-backend' | 'rate-limited'; readonly retryAfterMs: number } {
  for (const id of deployments) {
    const deployment = fleet.deployments.get(id);
    const backend = deployment === undefined ? undefined : fleet.backends.get(deployment.backend);
    if (deployment === undefined || backend === undefined || !isUp(backend) || tried.includes(id)) continue;
    if (retryIn(deployment.rateWindow, deployment.limits, nowMs) > 0)
      return { reason: 'rate-limited', retryAfterMs: RATE_LIMITED_MS };
  }
  return { reason: 'no-backend', retryAfterMs: 1000 };
}

/** The candidates that are not in cooldown, or all: a deployment that failed is better than none. */
export function preferWithoutCooldown(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  const withoutCooldown = candidates.filter(({ deployment }) => deployment.cooldownUntilMs <= nowMs);
  return withoutCooldown.length > 0 ? withoutCooldown : candidates;
}

// A deployment in cooldown gives way to the next `order`.
function firstInOrder(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  let least = Infinity;
  for (const { deployment } of preferWithoutCooldown(candidates, nowMs)) least = Math.min(least, deployment.order);
  return least === Infinity ? candidates : candidates.filter(({ deployment }) => deployment.order === least);
}

/** Whether a candidate has the request's model in memory, with the right options, and no load under way. */
export function isWarm({ deployment, replica }: Candidate): boolean {
  return replica.load === undefined && isReady(replica.residency, deployment.runnerKey);
}
