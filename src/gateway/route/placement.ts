import { isSameModel } from '../../core/model-name.ts';
import { candidatesOf, hasUnready, isWarm, warmCandidatesOf, type Candidate } from './candidate.ts';
import { anyMayTakeCopy, mayTakeCopy } from './copy-places.ts';
import { gainOfCopy, showsRoom } from './copy-ahead.ts';
import { capacityOf } from './fair-order.ts';
import type { Backend, Fleet, Pool } from './fleet.ts';
import { hasSlot } from './next-load.ts';
import { firstWaiters, oldestSinceMs, queueLength, waitSumMs, type Queue } from './queue.ts';
import { poolOf } from './pool.ts';
import { prefillRate } from './rates.ts';
import { hasRoom, loadReason, type Replica } from './replica.ts';
import { endsRunner, hasRoomFor, isTaken, isVictim, roomFor } from './room.ts';
import { keepsTurn } from './turn.ts';
import {
  createPlaceFacts,
  placeTimeS,
  regretOf,
  threeLoadsMs,
  victimFor,
  COPY_REGRET,
  type PlaceFacts,
} from './victim.ts';
import type { NextLoad, Policy } from './policy.ts';

/** A model without a copy waits for three loads, or this long, for another one that is in use, ms. */
const MOST_WAIT_MS = 20_000;
/**
 * Part of a regret that counts where places are compared: requests that miss a model wait for one load in all, and not for a load in each
 * second of the next minute.
 */
const PLACE_REGRET = 0.3;

/**
 * The next load: for the first queue that needs one, on the backend where it costs least: the time of the load, and the requests that
 * will miss the model that has to go. A model that is in use goes only when its absence costs less than has been waited already.
 */
export const placeLoads: Policy['nextLoad'] = (fleet, { queues, claims }, nowMs) => {
  let facts: PlaceFacts | undefined;
  let copies: Need[] | undefined;
  for (const queue of queues) {
    const need = needOf(fleet, queue, nowMs);
    if (need === undefined) continue;
    // An alias with a slot elsewhere can wait.
    if (need.warm.length > 0 || hasSlot(candidatesFor(fleet, need, nowMs))) (copies ??= []).push(need);
    else {
      facts ??= createPlaceFacts(nowMs);
      const found = placeFor(fleet, need, claims, facts);
      if (found !== undefined) return found;
    }
  }
  for (const need of copies ?? []) {
    facts ??= createPlaceFacts(nowMs);
    const found = placeFor(fleet, need, claims, facts);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** A queue without a free slot. */
interface Need {
  readonly queue: Queue;
  readonly tried: readonly string[];
  readonly pool: Pool;
  /** The candidates with the model in memory. */
  readonly warm: readonly Candidate[];
}

function needOf(fleet: Fleet, queue: Queue, nowMs: number): Need | undefined {
  const [waiter] = firstWaiters(queue);
  if (waiter === undefined) return undefined;
  const { tried } = waiter;
  const pool = poolOf(fleet, queue.deployments);
  const inMemory = warmCandidatesOf(fleet, pool, tried, nowMs);
  let isLeaving = false;
  for (const { backend, replica } of inMemory)
    if (isVictim(backend, replica)) isLeaving = true;
    else if (hasRoom(replica) && nowMs >= replica.pausedUntilMs) return undefined;
  const warm = isLeaving ? inMemory.filter((one) => !isVictim(one.backend, one.replica)) : inMemory;
  return { queue, tried, pool, warm };
}

function candidatesFor(fleet: Fleet, { queue, tried }: Need, nowMs: number): readonly Candidate[] {
  return candidatesOf(fleet, queue.deployments, tried, nowMs);
}

// Loads of the model of a queue that are under way.
function loadsOf({ ticks, makingRoom }: Fleet, candidates: readonly Candidate[]): number {
  let loads = 0;
  if (ticks.loading.size + makingRoom.size === 0) return loads;
  for (const { deployment, backend, replica } of candidates)
    if (replica.load?.runnerKey === deployment.runnerKey || backend.makingRoom?.deployment === deployment) loads += 1;
  return loads;
}

// Where the best place has to be waited for, it is added to `claims`: the queues behind this one wait as well.
function placeFor(fleet: Fleet, need: Need, claims: Map<Backend, Queue>, facts: PlaceFacts): NextLoad | undefined {
  const { queue, warm } = need;
  const { nowMs } = facts;
  const waitedS = waitSumMs(queue, nowMs) / 1000;
  const isCopy = warm.length > 0;
  const isScreened = isCopy && !hasUnready(need.pool);
  if (isScreened && !anyMayTakeCopy(fleet, need.pool, waitedS, facts)) return undefined;
  const candidates = candidatesFor(fleet, need, nowMs);
  const open: Candidate[] = [];
  for (const one of candidates) {
    if (isWarm(one) || (isScreened && !mayTakeCopy(fleet, one.backend, waitedS, facts))) continue;
    if (nowMs < one.replica.pausedUntilMs || isTaken(one.backend) || claims.has(one.backend)) continue;
    if (
      keepsTurn(fleet, one.backend, queue, nowMs) &&
      (roomFor(one.backend, one.replica) !== 'free' || endsRunner(one.replica, one.deployment.runnerKey))
    )
      claims.set(one.backend, queue);
    else open.push(one);
  }
  if (open.length === 0) return undefined;
  // The model is in memory, or may be: a load costs next to nothing, and fixes the options.
  const near = open.find(
    ({ replica: { residency } }) => residency.state === 'resident' && residency.runner === undefined,
  );
  if (near !== undefined) return { ...near, queue: queue.key, reason: 'options', mayEvict: true };
  const loads = loadsOf(fleet, candidates);
  const length = queueLength(queue);
  const { rate } = capacityOf(fleet, queue);
  const queuedS = length / Math.max(rate, 1e-6);
  const gain = gainOfCopy(fleet, queue.name, warm, rate, nowMs);
  const waiting: Backend[] = [];
  let best: LoadChoice | undefined;
  for (const one of open) {
    if (loads > 0 && !(isEmpty(one) && loads < length)) continue;
    const ownS = placeTimeS(fleet, one.replica);
    const isCheap = isCopy && (isEmpty(one) || showsRoom(fleet, one, gain, ownS));
    // The queue is too short for a copy, whichever model goes.
    if (isCopy && !isCheap && queuedS < 1.5 * ownS) continue;
    const victim = victimFor(fleet, one, facts);
    if (victim === 'none') {
      if (!isCopy) waiting.push(one.backend);
      continue;
    }
    const regret = victim === undefined || victim === one.replica ? 0 : regretOf(fleet, victim, facts);
    const loadS = ownS + (victim === undefined ? 0 : restS(victim));
    const isDue = isCopy
      ? isCheap || (queuedS >= 1.5 * loadS && (victim === undefined || waitedS >= COPY_REGRET * regret))
      : victim === undefined ||
        waitedS >= regret ||
        nowMs - oldestSinceMs(queue) >= threeLoadsMs(placeTimeS(fleet, victim), MOST_WAIT_MS);
    if (!isDue && isCopy) continue;
    const costS =
      loadS +
      (PLACE_REGRET * regret) / Math.max(1, length) +
      0.3 * one.backend.inFlight +
      2000 / prefillRate(fleet, one.replica) -
      (one.replica.residency.state === 'unknown' ? 1 : 0);
    if (
      best === undefined ||
      costS < best.costS ||
      (costS === best.costS && one.deployment.lastPicked < best.one.deployment.lastPicked)
    )
      best = { one, costS, isDue, victim };
  }
  if (best?.isDue === true) return loadOn(best, queue, isCopy);
  for (const backend of best === undefined ? waiting : [best.one.backend]) claims.set(backend, queue);
  return undefined;
}

/** A place for a load, and whether the load begins there now. */
interface LoadChoice {
  readonly one: Candidate;
  readonly costS: number;
  readonly isDue: boolean;
  readonly victim: Replica | undefined;
}

function loadOn({ one, victim }: LoadChoice, queue: Queue, isCopy: boolean): NextLoad {
  return {
    ...one,
    queue: queue.key,
    reason: loadReason(one, isCopy),
    mayEvict: !hasRoomFor(one.backend, one.replica) || endsRunner(one.replica, one.deployment.runnerKey),
    ...(victim === undefined ? {} : { victim }),
  };
}

// A copy costs nothing on a backend with empty memory.
function isEmpty({ backend, replica }: Candidate): boolean {
  return backend.inFlight === 0 && backend.listed?.every((name) => isSameModel(name, replica.model)) === true;
}

// Time until a model that answers is idle.
function restS({ speed, inFlight }: Replica): number {
  return inFlight === 0 ? 0 : 1 + (speed.serviceMs ?? 5000) / 1000;
}
