import { isSameModel } from '../../core/model-name.ts';
import { candidatesOf, isWarm, warmCandidatesOf, type Candidate } from './candidate.ts';
import { gainOfCopy, showsRoom } from './copy-ahead.ts';
import { capacityOf } from './fair-order.ts';
import type { Backend, Fleet } from './fleet.ts';
import { hasSlot } from './next-load.ts';
import { firstWaiters, oldestSinceMs, queueLength, waitSumMs, type Queue } from './queue.ts';
import { poolOf } from './pool.ts';
import { prefillRate } from './rates.ts';
import { hasRoom, loadReason, type Replica } from './replica.ts';
import { endsRunner, hasRoomFor, isTaken, isVictim, roomFor } from './room.ts';
import { keepsTurn } from './turn.ts';
import { createPlaceFacts, placeTimeS, regretOf, threeLoadsMs, victimFor, type PlaceFacts } from './victim.ts';
import type { NextLoad, Policy } from './policy.ts';

/** A model without a copy waits for three loads, or this long, for another one that is in use, ms. */
const MOST_WAIT_MS = 20_000;
/** A copy has to be worth so much more than what goes for it. */
const COPY_REGRET = 3;
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
    if (need.warm.length > 0 || hasSlot(need.candidates)) (copies ??= []).push(need);
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

function needOf(fleet: Fleet, queue: Queue, nowMs: number): Need | undefined {
  const [waiter] = firstWaiters(queue);
  if (waiter === undefined) return undefined;
  const { tried } = waiter;
  const pool = poolOf(fleet, queue.deployments);
  const inMemory = warmCandidatesOf(fleet, pool, tried, nowMs);
  for (const { backend, replica } of inMemory)
    if (hasRoom(replica) && nowMs >= replica.pausedUntilMs && !isVictim(backend, replica)) return undefined;
  const warm = inMemory.filter((one) => !isVictim(one.backend, one.replica));
  const candidates = candidatesOf(fleet, queue.deployments, tried, nowMs);
  let loads = 0;
  for (const { deployment, backend, replica } of candidates)
    if (replica.load?.runnerKey === deployment.runnerKey || backend.makingRoom?.deployment === deployment) loads += 1;
  return { queue, candidates, warm, loads };
}

/** A queue without a free slot. */
interface Need {
  readonly queue: Queue;
  readonly candidates: readonly Candidate[];
  /** Those with the model in memory. */
  readonly warm: readonly Candidate[];
  /** Loads of its model that are under way. */
  readonly loads: number;
}

// Where the best place has to be waited for, it is added to `claims`: the queues behind this one wait as well.
function placeFor(
  fleet: Fleet,
  { queue, candidates, warm, loads }: Need,
  claims: Map<Backend, Queue>,
  facts: PlaceFacts,
): NextLoad | undefined {
  const { nowMs } = facts;
  const open = candidates.filter((one) => {
    if (isWarm(one) || nowMs < one.replica.pausedUntilMs || isTaken(one.backend) || claims.has(one.backend))
      return false;
    if (!keepsTurn(fleet, one.backend, queue, nowMs)) return true;
    if (roomFor(one.backend, one.replica.model) === 'free' && !endsRunner(one.replica, one.deployment.runnerKey))
      return true;
    claims.set(one.backend, queue);
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
  const queuedS = length / Math.max(rate, 1e-6);
  const gain = gainOfCopy(fleet, queue.name, warm, rate, nowMs);
  const waiting: Backend[] = [];
  let best: (NextLoad & { readonly costS: number; readonly isDue: boolean }) | undefined;
  for (const one of open) {
    if (loads > 0 && !(isEmpty(one) && loads < length)) continue;
    const ownS = placeTimeS(fleet, one.replica, facts);
    const isCheap = warm.length > 0 && (isEmpty(one) || showsRoom(fleet, one, gain, ownS));
    // The queue is too short for a copy, whichever model goes.
    if (warm.length > 0 && !isCheap && queuedS < 1.5 * ownS) continue;
    const victim = victimFor(fleet, one, facts);
    if (victim === 'none') {
      if (warm.length === 0) waiting.push(one.backend);
      continue;
    }
    const regret = victim === undefined || victim === one.replica ? 0 : regretOf(fleet, victim, facts);
    const loadS = ownS + (victim === undefined ? 0 : restS(victim));
    const isDue =
      warm.length === 0
        ? victim === undefined ||
          waitedS >= regret ||
          nowMs - oldestSinceMs(queue) >= threeLoadsMs(placeTimeS(fleet, victim, facts), MOST_WAIT_MS)
        : isCheap || (queuedS >= 1.5 * loadS && (victim === undefined || waitedS >= COPY_REGRET * regret));
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
  for (const backend of best === undefined ? waiting : [best.backend]) claims.set(backend, queue);
  return undefined;
}

// A copy costs nothing on a backend with empty memory.
function isEmpty({ backend, replica }: Candidate): boolean {
  return backend.inFlight === 0 && backend.listed?.every((name) => isSameModel(name, replica.model)) === true;
}

// Time until a model that answers is idle.
function restS({ speed, inFlight }: Replica): number {
  return inFlight === 0 ? 0 : 1 + (speed.serviceMs ?? 5000) / 1000;
}
