import { isSameModel } from '../../core/model-name.ts';
import { candidatesOf, isUp, isWarm, type Candidate } from './candidate.ts';
import { arrivalRate, type Demand } from './demand.ts';
import { gainOfCopy, showsRoom } from './copy-ahead.ts';
import { capacityOf, serviceRate } from './fair-order.ts';
import type { Backend, Fleet } from './fleet.ts';
import { loadTimeS } from './load-time.ts';
import { hasSlot } from './next-load.ts';
import { firstWaiters, oldestSinceMs, queueLength, waitSumMs, type Queue } from './queue.ts';
import { poolOf } from './pool.ts';
import { prefillRate } from './rates.ts';
import { hasRoom, loadReason, type Replica } from './replica.ts';
import { endsRunner, hasRoomFor, isTaken, isVictim, roomFor } from './room.ts';
import { claimsBefore, keepsTurn, newClaims } from './turn.ts';
import type { NextLoad, Policy } from './policy.ts';

/** A model that is in use stays for three loads, but no longer than this without one, ms. */
const LEAST_STAY_MS = 5000;
/** A model without a copy waits for three loads, or this long, for another one that is in use, ms. */
const MOST_WAIT_MS = 20_000;
/** A model that was used a moment ago is used again, s and ms. */
const JUST_USED_REGRET = 0.5;
const JUST_USED_MS = 5000;
/** Of aliases that take turns, ms. */
const SHORTEST_TURN_MS = 1000;
/** A copy has to be worth so much more than what goes for it. */
const COPY_REGRET = 3;
/**
 * Part of a regret that counts where places are compared: requests that miss a model wait for one load in all, and not for a load in each
 * second of the next minute.
 */
const PLACE_REGRET = 0.3;
/** Other copies of a model serve its requests well up to this use. */
const SPARE_USE = 0.9;
/** Requests that come within a minute count, where models are compared. */
const HORIZON_S = 60;
/** An alias with fewer requests a second is hardly in use. */
const LEAST_RATE = 1 / 60;

/**
 * The next load: for the first queue that needs one, on the backend where it costs least: the time of the load, and the requests that
 * will miss the model that has to go. A model that is in use goes only when its absence costs less than has been waited already.
 */
export const placeLoads: Policy['nextLoad'] = (fleet, nowMs, only) => {
  const taken: Taken = {
    backends: only === undefined ? newClaims(fleet) : claimsBefore(fleet, only),
    regrets: new Map(),
  };
  const copies: Need[] = [];
  for (const queue of only === undefined ? fleet.queues.values() : [only]) {
    const need = needOf(fleet, queue, nowMs);
    if (need === undefined) continue;
    // An alias with a slot elsewhere can wait.
    if (need.warm.length > 0 || hasSlot(need.candidates)) copies.push(need);
    else {
      const found = placeFor(fleet, need, taken);
      if (found !== undefined) return found;
    }
  }
  for (const need of copies) {
    const found = placeFor(fleet, need, taken);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** The facts that the queues of one look for loads have in common. */
interface Taken {
  /** Backends that a queue before this one waits for. */
  readonly backends: Map<Backend, Queue>;
  /** The regret of each model that was compared. */
  readonly regrets: Map<Replica, number>;
}

function needOf(fleet: Fleet, queue: Queue, nowMs: number): Need | undefined {
  const [waiter] = firstWaiters(queue);
  if (waiter === undefined) return undefined;
  const candidates = candidatesOf(fleet, queue.deployments, waiter.tried, nowMs);
  const warm = candidates.filter((one) => isWarm(one) && !isVictim(one.backend, one.replica));
  if (warm.some(({ replica }) => hasRoom(replica) && nowMs >= replica.pausedUntilMs)) return undefined;
  const loads = candidates.filter(
    ({ deployment, backend, replica }) =>
      replica.load?.runnerKey === deployment.runnerKey || backend.makingRoom?.deployment === deployment,
  ).length;
  return { queue, candidates, warm, loads, nowMs };
}

/** A queue without a free slot. */
interface Need {
  readonly queue: Queue;
  readonly candidates: readonly Candidate[];
  /** Those with the model in memory. */
  readonly warm: readonly Candidate[];
  /** Loads of its model that are under way. */
  readonly loads: number;
  readonly nowMs: number;
}

// Where the best place has to be waited for, it is added to `taken`: the queues behind this one wait as well.
function placeFor(fleet: Fleet, { queue, candidates, warm, loads, nowMs }: Need, taken: Taken): NextLoad | undefined {
  const open = candidates.filter((one) => {
    if (isWarm(one) || nowMs < one.replica.pausedUntilMs || isTaken(one.backend) || taken.backends.has(one.backend))
      return false;
    const evictsNothing =
      roomFor(one.backend, one.replica.model) === 'free' && !endsRunner(one.replica, one.deployment.runnerKey);
    if (evictsNothing || !keepsTurn(fleet, one.backend, queue, nowMs)) return true;
    taken.backends.set(one.backend, queue);
    return false;
  });
  // The model is in memory, or may be: a load costs next to nothing, and fixes the options.
  const near = open.find(
    ({ replica: { residency } }) => residency.state === 'resident' && residency.runner === undefined,
  );
  if (near !== undefined) return { ...near, queue: queue.key, reason: 'options', mayEvict: true };
  const waitedS = waitSumMs(queue, nowMs) / 1000;
  const length = queueLength(queue);
  const { rate } = capacityOf(fleet, queue);
  const gain = gainOfCopy(fleet, queue.name, warm, rate, nowMs);
  const waiting: Backend[] = [];
  let best: (NextLoad & { readonly costS: number; readonly isDue: boolean }) | undefined;
  for (const one of open) {
    if (loads > 0 && !(isEmpty(one) && loads < length)) continue;
    const victim = victimFor(fleet, one, taken, nowMs);
    if (victim === 'none') {
      if (warm.length === 0) waiting.push(one.backend);
      continue;
    }
    const regret = victim === undefined || victim === one.replica ? 0 : knownRegretOf(fleet, victim, taken, nowMs);
    const loadS = loadTimeS(fleet, one.replica) + (victim === undefined ? 0 : restS(victim));
    const isDue =
      warm.length === 0
        ? victim === undefined ||
          waitedS >= regret ||
          nowMs - oldestSinceMs(queue) >= threeLoadsMs(fleet, victim, MOST_WAIT_MS)
        : isEmpty(one) ||
          showsRoom(fleet, one, gain) ||
          (length / Math.max(rate, 1e-6) >= 1.5 * loadS && (victim === undefined || waitedS >= COPY_REGRET * regret));
    if (!isDue && warm.length > 0) continue;
    const costS =
      loadS +
      (PLACE_REGRET * regret) / Math.max(1, length) +
      0.3 * one.backend.inFlight +
      2000 / prefillRate(fleet, one.replica) -
      (one.replica.residency.state === 'unknown' ? 1 : 0);
    if (
      best === undefined ||
      costS < best.costS ||
      (costS === best.costS && one.deployment.lastPicked < best.deployment.lastPicked)
    )
      best = {
        ...one,
        costS,
        isDue,
        queue: queue.key,
        reason: loadReason(one, warm.length > 0),
        mayEvict: !hasRoomFor(one.backend, one.replica.model) || endsRunner(one.replica, one.deployment.runnerKey),
        ...(victim === undefined ? {} : { victim }),
      };
  }
  if (best?.isDue === true) return best;
  for (const backend of best === undefined ? waiting : [best.backend]) taken.backends.set(backend, queue);
  return undefined;
}

/** Seconds that requests would wait for a model, if it went now: of the next minute's, each for a load. */
export function regretOf(fleet: Fleet, victim: Replica, nowMs: number): number {
  let regret = nowMs - victim.usedMs < JUST_USED_MS ? JUST_USED_REGRET : 0;
  for (const demand of victim.demands) regret += regretFor(fleet, demand, victim, nowMs);
  return regret;
}

function knownRegretOf(fleet: Fleet, victim: Replica, { regrets }: Taken, nowMs: number): number {
  let regret = regrets.get(victim);
  if (regret === undefined) {
    regret = regretOf(fleet, victim, nowMs);
    regrets.set(victim, regret);
  }
  return regret;
}

function regretFor(fleet: Fleet, demand: Demand, victim: Replica, nowMs: number): number {
  let isServed = false;
  let rest = 0;
  let copies = 0;
  for (const candidate of poolOf(fleet, demand.deployments).candidates) {
    const { backend, replica } = candidate;
    if (replica === victim) isServed = true;
    else if (isUp(backend) && isWarm(candidate)) {
      copies += 1;
      rest += serviceRate(fleet, backend, replica, demand);
    }
  }
  if (!isServed) return 0;
  const lambda = arrivalRate(demand, nowMs);
  const whole = lambda * loadTimeS(fleet, victim) * HORIZON_S;
  if (copies === 0) return whole;
  const use = lambda / Math.max(rest, 1e-6);
  return whole * (use < SPARE_USE ? 0.05 : Math.min(1, use - 0.4));
}

/** The model that has to go for a load: `undefined` if there is room, or if nothing is known about it; `none` if none may go. */
function victimFor(
  fleet: Fleet,
  { deployment, backend, replica }: Candidate,
  taken: Taken,
  nowMs: number,
): Replica | 'none' | undefined {
  // No alias wants the runner that it has: else loads are not placed (`Fleet.sharesRunners`).
  if (endsRunner(replica, deployment.runnerKey)) return replica;
  const room = roomFor(backend, replica.model);
  if (room !== 'full') return undefined;
  let best: Replica | undefined;
  let least = Infinity;
  let foreign = (backend.listed ?? []).length;
  for (const other of backend.replicas) {
    if (other === replica || other.residency.state !== 'resident') continue;
    foreign -= 1;
    if (isYoung(fleet, other, nowMs)) continue;
    const regret = knownRegretOf(fleet, other, taken, nowMs);
    if (regret >= least) continue;
    best = other;
    least = regret;
  }
  // A model that is not the gateway's goes first, by the backend's own choice.
  if (foreign > 0) return undefined;
  return best ?? 'none';
}

// A model that is in use stays for three loads, or a few seconds.
function isYoung(fleet: Fleet, replica: Replica, nowMs: number): boolean {
  const stayMs = Math.max(loadTimeS(fleet, replica) * 1000, threeLoadsMs(fleet, replica, LEAST_STAY_MS));
  if (nowMs - replica.loadedMs >= stayMs) return false;
  for (const demand of replica.demands) if (arrivalRate(demand, nowMs) > LEAST_RATE) return true;
  return false;
}

// Loads of a few milliseconds would leave a model no time to answer.
function threeLoadsMs(fleet: Fleet, replica: Replica, mostMs: number): number {
  return Math.min(mostMs, Math.max(SHORTEST_TURN_MS, 3000 * loadTimeS(fleet, replica)));
}

// A copy costs nothing on a backend with empty memory.
function isEmpty({ backend, replica }: Candidate): boolean {
  return backend.inFlight === 0 && backend.listed?.every((name) => isSameModel(name, replica.model)) === true;
}

// Time until a model that answers is idle.
function restS({ speed, inFlight }: Replica): number {
  return inFlight === 0 ? 0 : 1 + (speed.serviceMs ?? 5000) / 1000;
}
