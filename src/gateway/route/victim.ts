import { isUp, isWarm, warmOf } from './candidate.ts';
import { arrivalRate, type Demand, type Supply } from './demand.ts';
import { serviceRate } from './fair-order.ts';
import type { Backend, Candidate, Fleet, Pool } from './fleet.ts';
import { residentsOf } from './in-memory.ts';
import { loadTimeS, mostLoadMs } from './load-time.ts';
import { LookColumn } from './look-column.ts';
import { poolOf } from './pool.ts';
import type { Replica } from './replica.ts';
import { endsRunner, roomFor } from './room.ts';

/** A model that is in use stays for three loads, but no longer than this without one, ms. */
const LEAST_STAY_MS = 5000;
/** A model that was used a moment ago is used again, s and ms. */
const JUST_USED_REGRET = 0.5;
const JUST_USED_MS = 5000;
/** Of aliases that take turns, ms. */
const SHORTEST_TURN_MS = 1000;
/** A copy has to be worth so much more than what goes for it. */
export const COPY_REGRET = 3;
/** Other copies of a model serve its requests well up to this use. */
const SPARE_USE = 0.9;
/** Requests that come within a minute count, where models are compared. */
const HORIZON_S = 60;
/** An alias with fewer requests a second is hardly in use. */
const LEAST_RATE = 1 / 60;

/**
 * One look for places. It finds each value of a model, a backend or an alias once, and keeps it with the number of the look, in columns that
 * the next look uses again.
 */
export interface PlaceFacts {
  readonly nowMs: number;
  readonly look: number;
  /** The backends that were looked at for copies, and what has to have been waited at least for a copy on any of them, s. */
  looked: number;
  leastWaitS: number;
}

let looks = 0;
const regrets = new LookColumn();
/** By model in memory: the least that the alias misses it which would miss it most, s. */
const leastRegrets = new LookColumn();
/** The place of a victim among the models in memory, or that none may go, or that it is not known which one goes. */
const victims = new LookColumn();
const NONE = -1;
const UNKNOWN = -2;

/** Nothing was looked at. */
export function createPlaceFacts(nowMs: number): PlaceFacts {
  looks += 1;
  return { nowMs, look: looks, looked: 0, leastWaitS: Infinity };
}

/** Seconds that requests would wait for a model, if it went now: of the next minute's, each for a load. */
export function regretOf(fleet: Fleet, victim: Replica, facts: PlaceFacts): number {
  const { number } = victim;
  if (regrets.has(number, facts.look)) return regrets.at(number);
  let regret = facts.nowMs - victim.usedMs < JUST_USED_MS ? JUST_USED_REGRET : 0;
  for (const demand of victim.demands) regret += regretFor(fleet, demand, victim, facts);
  regrets.set(number, facts.look, regret);
  return regret;
}

function regretFor(fleet: Fleet, demand: Demand, victim: Replica, facts: PlaceFacts): number {
  const pool = poolOf(fleet, demand.deployments);
  if (fleet.poolsOf.get(victim)?.includes(pool) !== true) return 0;
  const { lambda, rate, copies } = supplyOf(fleet, demand, facts);
  const whole = lambda * placeTimeS(fleet, victim) * HORIZON_S;
  const own = ownRate(fleet, pool, demand, victim);
  const others = copies - (own === undefined ? 0 : 1);
  return others === 0 ? whole : whole * missedPart(lambda / Math.max(rate - (own ?? 0), 1e-6));
}

// The part of the requests that miss a copy of their model, if the others are used so much.
function missedPart(use: number): number {
  return use < SPARE_USE ? 0.05 : Math.min(1, use - 0.4);
}

/**
 * No more than {@link regretOf}, and found without the rate of the model itself: the others are used no less without it. Of several aliases of
 * the model the one counts that would miss it most.
 */
export function leastRegretOf(fleet: Fleet, victim: Replica, facts: PlaceFacts): number {
  const { number, demands } = victim;
  for (let index = 0; index < demands.length; index += 1) {
    const demand = demands[index];
    if (demand !== undefined) supplyOf(fleet, demand, facts);
  }
  const missedS = leastRegrets.has(number, facts.look) ? leastRegrets.at(number) : 0;
  const regret = (facts.nowMs - victim.usedMs < JUST_USED_MS ? JUST_USED_REGRET : 0) + missedS;
  // Sums in another order differ in their last digits.
  return regret * (1 - 1e-9);
}

// The requests a second that a model serves for an alias; `undefined`: they cannot use it now.
function ownRate(fleet: Fleet, { onBackend }: Pool, demand: Demand, victim: Replica): number | undefined {
  const backend = fleet.backends.get(victim.backend);
  if (backend === undefined || !isUp(backend)) return undefined;
  let rate: number | undefined;
  for (const one of onBackend.get(backend) ?? [])
    if (one.replica === victim && isWarm(one)) rate = (rate ?? 0) + serviceRate(fleet, backend, victim, demand);
  return rate;
}

// The requests of an alias, and what the backends serve that have its model in memory.
function supplyOf(fleet: Fleet, demand: Demand, { look, nowMs }: PlaceFacts): Supply {
  const { supply } = demand;
  if (supply.look === look) return supply;
  const warm = warmOf(poolOf(fleet, demand.deployments));
  let [rate, copies] = [0, 0];
  for (const { backend, replica } of warm) {
    if (!isUp(backend)) continue;
    rate += serviceRate(fleet, backend, replica, demand);
    copies += 1;
  }
  supply.look = look;
  supply.lambda = arrivalRate(demand, nowMs);
  supply.rate = rate;
  supply.copies = copies;
  const leastRegret = supply.lambda * HORIZON_S * missedPart(supply.lambda / Math.max(rate, 1e-6));
  for (const { backend, replica } of warm) {
    const regret = leastRegret * loadTimeS(mostLoadMs(backend), replica);
    if (!leastRegrets.has(replica.number, look) || regret > leastRegrets.at(replica.number))
      leastRegrets.set(replica.number, look, regret);
  }
  return supply;
}

/** Expected duration of a load, s. */
export function placeTimeS({ backends }: Fleet, replica: Replica): number {
  if (replica.speed.loadMs !== undefined) return replica.speed.loadMs / 1000;
  const backend = backends.get(replica.backend);
  return loadTimeS(backend === undefined ? undefined : mostLoadMs(backend), replica);
}

/** The model that has to go for a load: `undefined` if there is room, or if nothing is known about it; `none` if none may go. */
export function victimFor(
  fleet: Fleet,
  { deployment, backend, replica }: Candidate,
  facts: PlaceFacts,
): Replica | 'none' | undefined {
  // No alias wants the runner that it has: else loads are not placed (`Fleet.sharesRunners`).
  if (endsRunner(replica, deployment.runnerKey)) return replica;
  return roomFor(backend, replica) === 'full' ? leastMissed(fleet, backend, facts) : undefined;
}

// The model of a full backend that is missed least.
function leastMissed(fleet: Fleet, backend: Backend, facts: PlaceFacts): Replica | 'none' | undefined {
  const { number } = backend;
  if (!victims.has(number, facts.look)) victims.set(number, facts.look, findLeastMissed(fleet, backend, facts));
  const index = victims.at(number);
  return index === NONE ? 'none' : index === UNKNOWN ? undefined : residentsOf(backend)[index];
}

function findLeastMissed(fleet: Fleet, backend: Backend, facts: PlaceFacts): number {
  const residents = residentsOf(backend);
  // A model that is not the gateway's goes first, by the backend's own choice.
  if ((backend.listed ?? []).length > residents.length) return UNKNOWN;
  let best = NONE;
  let least = Infinity;
  for (const [index, other] of residents.entries()) {
    if (isYoung(fleet, other, facts)) continue;
    const regret = regretOf(fleet, other, facts);
    if (regret >= least) continue;
    best = index;
    least = regret;
  }
  return best;
}

// A model that is in use stays for three loads, or a few seconds.
function isYoung(fleet: Fleet, replica: Replica, facts: PlaceFacts): boolean {
  const loadS = placeTimeS(fleet, replica);
  if (facts.nowMs - replica.loadedMs >= Math.max(loadS * 1000, threeLoadsMs(loadS, LEAST_STAY_MS))) return false;
  for (const demand of replica.demands) if (supplyOf(fleet, demand, facts).lambda > LEAST_RATE) return true;
  return false;
}

/** The time of three loads, ms; loads of a few milliseconds would leave a model no time to answer. */
export function threeLoadsMs(loadS: number, mostMs: number): number {
  return Math.min(mostMs, Math.max(SHORTEST_TURN_MS, 3000 * loadS));
}
