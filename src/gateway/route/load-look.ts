import { warmOf } from './candidate.ts';
import type { Backend, Fleet, Pool } from './fleet.ts';
import { poolOf } from './pool.ts';
import type { LoadLook } from './policy.ts';
import { queueLength, type Queue } from './queue.ts';
import { hasRoom } from './replica.ts';

/** Deployments that are compared for one event: where there are more, the next tick goes on with the queues behind. */
const MOST_CANDIDATES = 384;
/** One waiter more in a queue that is longer than this does not decide on a load. */
const MOST_JOINED = 64;

/** A look that is repeated after each load; `before`: the claims of queues that come before those of the look. */
interface RepeatedLook extends LoadLook {
  readonly before: ReadonlyMap<Backend, Queue>;
}

/** Forgets the claims of the queues of a look: they are looked at again. */
export function repeat({ before, claims }: RepeatedLook): void {
  claims.clear();
  for (const [backend, queue] of before) claims.set(backend, queue);
}

/**
 * The queues for which loads are decided now: all with each tick, and where the memory of a backend has changed; else the queue that has
 * got a waiter. `undefined`: none.
 */
export function nextLook(fleet: Fleet, nowMs: number): RepeatedLook | undefined {
  const { loads, joined } = fleet.attention;
  if (loads) return lookOn(fleet, nowMs);
  if (joined === undefined || queueLength(joined) > MOST_JOINED) return undefined;
  const before = claimsBefore(fleet, joined);
  return { queues: [joined], before, claims: new Map(before) };
}

// Goes on where the last look has ended, until all queues that were there at the start of the round were looked at.
function lookOn(fleet: Fleet, nowMs: number): RepeatedLook {
  const { round, claims } = fleet;
  if (round.doneTurn >= round.endTurn) {
    round.doneTurn = 0;
    round.endTurn = fleet.turns;
    claims.clear();
  }
  const queues: Queue[] = [];
  let count = 0;
  for (const queue of fleet.queues.values()) {
    if (queue.turn <= round.doneTurn) continue;
    if (count >= MOST_CANDIDATES || queue.turn > round.endTurn) break;
    queues.push(queue);
    const pool = poolOf(fleet, queue.deployments);
    // With a free slot none is compared.
    if (!hasFreeSlot(pool, nowMs)) count += pool.candidates.length;
  }
  round.doneTurn = count < MOST_CANDIDATES ? round.endTurn : (queues.at(-1)?.turn ?? round.endTurn);
  return { queues, before: new Map(claims), claims };
}

function hasFreeSlot(pool: Pool, nowMs: number): boolean {
  for (const { replica } of warmOf(pool)) if (hasRoom(replica) && nowMs >= replica.pausedUntilMs) return true;
  return false;
}

// The backends for which queues before this one wait, as loads were decided last.
function claimsBefore({ claims }: Fleet, { turn }: Queue): Map<Backend, Queue> {
  const found = new Map<Backend, Queue>();
  for (const [backend, queue] of claims) if (queue.turn < turn && queueLength(queue) > 0) found.set(backend, queue);
  return found;
}
