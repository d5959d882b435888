import { candidatesOf, isUp, isWarm, type Candidate } from './candidate.ts';
import { arrivalRate } from './demand.ts';
import { capacityOf } from './fair-order.ts';
import type { Backend, Fleet } from './fleet.ts';
import { loadTimeS } from './load-time.ts';
import { isTaken, roomFor } from './room.ts';

/** Requests that come within a minute count, where models are compared. */
const HORIZON_S = 60;
/** A rate is known after this time, ms, and copies that are used less than this serve it well. */
const LEAST_KNOWN_MS = 30_000;
const LEAST_USE = 0.2;
/** An alias with fewer requests a second is hardly in use. */
const LEAST_RATE = 1 / 60;

/**
 * A copy of a model that is in use, while nobody waits: only into free memory of an idle backend, where the waits that it saves are
 * worth its load.
 */
export function copyAhead(fleet: Fleet, backend: Backend, nowMs: number): Candidate | undefined {
  if (!isUp(backend) || isTaken(backend) || backend.inFlight > 0) return undefined;
  for (const [name, demand] of fleet.demands) {
    const { deployments } = demand;
    const lambda = arrivalRate(demand, nowMs);
    if (
      nowMs - demand.sinceMs < LEAST_KNOWN_MS ||
      lambda < LEAST_RATE ||
      !deployments.some((id) => fleet.deployments.get(id)?.backend === backend.url)
    )
      continue;
    const candidates = candidatesOf(fleet, deployments, [], nowMs);
    if (candidates.some(({ replica }) => replica.load !== undefined)) continue;
    const here = candidates.find((one) => one.backend === backend);
    if (here === undefined || isWarm(here) || roomFor(backend, here.replica.model) !== 'free') continue;
    const copies = candidates.filter(isWarm);
    if (copies.length === 0) continue;
    const { rate } = capacityOf(fleet, { deployments, name });
    const slots = copies.reduce((sum, { replica }) => sum + Math.min(replica.slots.count, 64), 0);
    const mu = rate / copies.length;
    const use = lambda / Math.max(rate, 1e-6);
    if (use < LEAST_USE) continue;
    const loadS = loadTimeS(fleet, here.replica);
    const saved =
      waitS(copies.length, slots / Math.max(1e-6, rate), use) -
      waitS(copies.length + 1, slots / copies.length / Math.max(1e-6, mu), (use * copies.length) / (copies.length + 1));
    if (lambda * saved * HORIZON_S > 2 * (0.5 * lambda * loadS + 0.1 * loadS)) return here;
  }
  return undefined;
}

// Expected wait with `count` servers of one model, after Sakasegawa.
function waitS(count: number, serviceS: number, use: number): number {
  if (use >= 0.97) return (serviceS / count) * (30 + 100 * (use - 0.97));
  return ((serviceS / count) * use ** (Math.sqrt(2 * (count + 1)) - 1)) / (1 - use);
}
