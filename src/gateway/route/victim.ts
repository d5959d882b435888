import { isUp, warmOf } from './candidate.ts';
import { arrivalRate, type Demand } from './demand.ts';
import { serviceRate } from './fair-order.ts';
import type { Backend, Candidate, Fleet } from './fleet.ts';
import { loadTimeS, mostLoadMs } from './load-time.ts';
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
/** Other copies of a model serve its requests well up to this use. */
const SPARE_USE = 0.9;
/** Requests that come within a minute count, where models are compared. */
const HORIZON_S = 60;
/** An alias with fewer requests a second is hardly in use. */
const LEAST_RATE = 1 / 60;

/** The facts that the places of one look for loads have in common, each found once. */
export interface PlaceFacts {
  readonly nowMs: number;
  readonly regrets: Map<Replica, number>;
  readonly supplies: Map<Demand, Supply>;
  readonly victims: Map<Backend, Replica | 'none' | undefined>;
  readonly mostLoadMs: Map<Backend, number | undefined>;
}

/** An alias, with the backends that have its model in memory. */
interface Supply {
  /** Requests a second that come, and that the backends serve in all. */
  readonly lambda: number;
  readonly rate: number;
  readonly copies: number;
  readonly rateOf: ReadonlyMap<Replica, number>;
}

/** Nothing was looked at. */
export function createPlaceFacts(nowMs: number): PlaceFacts {
  return { nowMs, regrets: new Map(), supplies: new Map(), victims: new Map(), mostLoadMs: new Map() };
}

/** Seconds that requests would wait for a model, if it went now: of the next minute's, each for a load. */
export function regretOf(fleet: Fleet, victim: Replica, facts: PlaceFacts): number {
  let regret = facts.regrets.get(victim);
  if (regret === undefined) {
    regret = facts.nowMs - victim.usedMs < JUST_USED_MS ? JUST_USED_REGRET : 0;
    for (const demand of victim.demands) regret += regretFor(fleet, demand, victim, facts);
    facts.regrets.set(victim, regret);
  }
  return regret;
}

function regretFor(fleet: Fleet, demand: Demand, victim: Replica, facts: PlaceFacts): number {
  const pool = poolOf(fleet, demand.deployments);
  if (fleet.poolsOf.get(victim)?.includes(pool) !== true) return 0;
  const { lambda, rate, copies, rateOf } = supplyOf(fleet, demand, facts);
  const own = rateOf.get(victim);
  const others = copies - (own === undefined ? 0 : 1);
  const whole = lambda * placeTimeS(fleet, victim, facts) * HORIZON_S;
  if (others === 0) return whole;
  const use = lambda / Math.max(rate - (own ?? 0), 1e-6);
  return whole * (use < SPARE_USE ? 0.05 : Math.min(1, use - 0.4));
}

function supplyOf(fleet: Fleet, demand: Demand, { supplies, nowMs }: PlaceFacts): Supply {
  let supply = supplies.get(demand);
  if (supply === undefined) {
    const rateOf = new Map<Replica, number>();
    let [rate, copies] = [0, 0];
    for (const { backend, replica } of warmOf(poolOf(fleet, demand.deployments))) {
      if (!isUp(backend)) continue;
      const own = serviceRate(fleet, backend, replica, demand);
      rateOf.set(replica, (rateOf.get(replica) ?? 0) + own);
      rate += own;
      copies += 1;
    }
    supply = { lambda: arrivalRate(demand, nowMs), rate, copies, rateOf };
    supplies.set(demand, supply);
  }
  return supply;
}

/** Expected duration of a load, s. */
export function placeTimeS(fleet: Fleet, replica: Replica, facts: PlaceFacts): number {
  if (replica.speed.loadMs !== undefined) return replica.speed.loadMs / 1000;
  const backend = fleet.backends.get(replica.backend);
  if (backend === undefined) return loadTimeS(undefined, replica);
  if (!facts.mostLoadMs.has(backend)) facts.mostLoadMs.set(backend, mostLoadMs(backend));
  return loadTimeS(facts.mostLoadMs.get(backend), replica);
}

/** The model that has to go for a load: `undefined` if there is room, or if nothing is known about it; `none` if none may go. */
export function victimFor(
  fleet: Fleet,
  { deployment, backend, replica }: Candidate,
  facts: PlaceFacts,
): Replica | 'none' | undefined {
  // No alias wants the runner that it has: else loads are not placed (`Fleet.sharesRunners`).
  if (endsRunner(replica, deployment.runnerKey)) return replica;
  if (roomFor(backend, replica.model) !== 'full') return undefined;
  if (!facts.victims.has(backend)) facts.victims.set(backend, leastMissed(fleet, backend, facts));
  return facts.victims.get(backend);
}

function leastMissed(fleet: Fleet, backend: Backend, facts: PlaceFacts): Replica | 'none' | undefined {
  let best: Replica | undefined;
  let least = Infinity;
  let foreign = (backend.listed ?? []).length;
  for (const other of backend.replicas) {
    if (other.residency.state !== 'resident') continue;
    foreign -= 1;
    if (isYoung(fleet, other, facts)) continue;
    const regret = regretOf(fleet, other, facts);
    if (regret >= least) continue;
    best = other;
    least = regret;
  }
  // A model that is not the gateway's goes first, by the backend's own choice.
  if (foreign > 0) return undefined;
  return best ?? 'none';
}

// A model that is in use stays for three loads, or a few seconds.
function isYoung(fleet: Fleet, replica: Replica, facts: PlaceFacts): boolean {
  const loadS = placeTimeS(fleet, replica, facts);
  if (facts.nowMs - replica.loadedMs >= Math.max(loadS * 1000, threeLoadsMs(loadS, LEAST_STAY_MS))) return false;
  for (const demand of replica.demands) if (arrivalRate(demand, facts.nowMs) > LEAST_RATE) return true;
  return false;
}

/** The time of three loads, ms; loads of a few milliseconds would leave a model no time to answer. */
export function threeLoadsMs(loadS: number, mostMs: number): number {
  return Math.min(mostMs, Math.max(SHORTEST_TURN_MS, 3000 * loadS));
}
