import type { Backend, Candidate, Fleet, Pool } from './fleet.ts';
import { poolOf } from './pool.ts';
import { retryIn } from './rate-window.ts';
import { isReady } from './residency.ts';

export type { Candidate } from './fleet.ts';

/** LiteLLM's `retry-after` for a rate limit, whatever is left of the minute, ms. */
const RATE_LIMITED_MS = 60_000;

/** Whether requests may go to a backend. */
export function isUp(backend: Backend): boolean {
  return backend.circuit.state === 'closed' && !backend.drained;
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
  const pool = poolOf(fleet, deployments);
  const { candidates, hasOrder } = pool;
  let usable: Candidate[] | undefined;
  for (let index = 0; index < candidates.length; index += 1) {
    const candidate = candidates[index];
    if (candidate === undefined) continue;
    if (isUsable(pool, candidate, tried, nowMs)) usable?.push(candidate);
    // Mostly all of them are: the list of the pool is copied from the first one that is not.
    else usable ??= candidates.slice(0, index);
  }
  return hasOrder ? firstInOrder(usable ?? candidates, nowMs) : (usable ?? candidates);
}

/** Whether a request has a candidate. */
export function hasCandidate(
  fleet: Fleet,
  deployments: readonly string[],
  tried: readonly string[],
  nowMs: number,
): boolean {
  const pool = poolOf(fleet, deployments);
  for (const candidate of pool.candidates) if (isUsable(pool, candidate, tried, nowMs)) return true;
  return false;
}

/** Whether a deployment of a pool may serve a request, now or later, whatever its `order`. */
export function isUsable(
  { isLimited }: Pool,
  { deployment, backend, replica }: Candidate,
  tried: readonly string[],
  nowMs: number,
): boolean {
  return (
    isUp(backend) &&
    nowMs >= replica.failingUntilMs &&
    (tried.length === 0 || !tried.includes(deployment.id)) &&
    (!isLimited || retryIn(deployment.rateWindow, deployment.limits, nowMs) <= 0)
  );
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
  if (!hasCooldown(candidates, nowMs)) return candidates;
  const withoutCooldown = candidates.filter(({ deployment }) => deployment.cooldownUntilMs <= nowMs);
  return withoutCooldown.length > 0 ? withoutCooldown : candidates;
}

function hasCooldown(candidates: readonly Candidate[], nowMs: number): boolean {
  for (const { deployment } of candidates) if (deployment.cooldownUntilMs > nowMs) return true;
  return false;
}

// A deployment in cooldown gives way to the next `order`.
function firstInOrder(candidates: readonly Candidate[], nowMs: number): readonly Candidate[] {
  let least = Infinity;
  for (const { deployment } of preferWithoutCooldown(candidates, nowMs)) least = Math.min(least, deployment.order);
  return least === Infinity ? candidates : candidates.filter(({ deployment }) => deployment.order === least);
}

/** The candidates of a pool with their model in memory: few, where models are many. */
export function warmOf(pool: Pool): readonly Candidate[] {
  if (pool.warm !== undefined) return pool.warm;
  pool.warm = pool.candidates.filter(isWarm);
  pool.hasUnready = pool.candidates.some((one) => one.replica.residency.state === 'resident' && !isWarm(one));
  return pool.warm;
}

/** Whether a candidate of a pool has its model in memory and cannot serve with it: it has other options, or is in a load. */
export function hasUnready(pool: Pool): boolean {
  warmOf(pool);
  return pool.hasUnready;
}

/** Of {@link candidatesOf} those with the model in memory. */
export function warmCandidatesOf(
  fleet: Fleet,
  pool: Pool,
  tried: readonly string[],
  nowMs: number,
): readonly Candidate[] {
  if (pool.hasOrder) return candidatesOf(fleet, pool.ids, tried, nowMs).filter(isWarm);
  const warm = warmOf(pool);
  for (const candidate of warm)
    if (!isUsable(pool, candidate, tried, nowMs)) return warm.filter((one) => isUsable(pool, one, tried, nowMs));
  return warm;
}

/** Whether one of these backends has a candidate. */
export function hasCandidateOn(fleet: Fleet, pool: Pool, backends: readonly Backend[], nowMs: number): boolean {
  if (backends.length === 0) return false;
  if (pool.hasOrder) return candidatesOf(fleet, pool.ids, [], nowMs).some(({ backend }) => backends.includes(backend));
  for (const backend of backends)
    for (const candidate of pool.onBackend.get(backend) ?? []) if (isUsable(pool, candidate, [], nowMs)) return true;
  return false;
}

/** Whether a request has exactly one candidate. */
export function hasOneCandidate(fleet: Fleet, pool: Pool, tried: readonly string[], nowMs: number): boolean {
  if (pool.hasOrder) return candidatesOf(fleet, pool.ids, tried, nowMs).length === 1;
  let count = 0;
  for (const candidate of pool.candidates)
    if (isUsable(pool, candidate, tried, nowMs) && (count += 1) > 1) return false;
  return count === 1;
}

/** Whether a candidate has the request's model, with the right options, and no load under way. */
export function isWarm({ deployment, replica }: Candidate): boolean {
  return replica.load === undefined && isReady(replica.residency, deployment.runnerKey);
}
