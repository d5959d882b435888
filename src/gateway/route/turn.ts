import { candidatesOf, isWarm } from './candidate.ts';
import type { Backend, Fleet } from './fleet.ts';
import type { ModelLoad, Replica } from './replica.ts';
import { firstWaiters, oldestSinceMs, type Queue } from './queue.ts';

/** A model that the gateway has loaded gets its turn: time to serve for as long as the load took. */
export function beginTurn(backend: Backend, replica: Replica, { sinceMs, queue }: ModelLoad, nowMs: number): void {
  const tookMs = nowMs - sinceMs;
  backend.turn = { replica, untilMs: nowMs + Math.min(tookMs, replica.speed.loadMs ?? tookMs), served: false, queue };
}

/** Records that a server has begun to answer a request, or that an attempt has ended: the model has served. */
export function observeTurn({ attention }: Pick<Fleet, 'attention'>, { turn }: Backend, replica: Replica): void {
  if (turn?.replica !== replica || turn.served) return;
  turn.served = true;
  attention.loads = true;
}

/** Whether a model was loaded for a queue that has got none of its slots yet: the queue gets the first one. */
export function isOwedSlot({ turn }: Backend, replica: Replica, queue: Queue): boolean {
  return turn?.queue === queue.key && turn.replica === replica;
}

/** Records that a queue has got a slot. */
export function paySlot({ turn }: Backend, queue: Queue): void {
  if (turn?.queue === queue.key) turn.queue = undefined;
}

/**
 * Whether the model that was loaded last keeps its turn against a queue that needs another model: until it has served one request of
 * its queue, and then, for a limited time, while it has waiters that are older. A request that is on its way must have arrived: the
 * server would evict the idle model, and load it again for the request.
 */
export function keepsTurn(fleet: Fleet, { turn }: Backend, needy: Queue, nowMs: number): boolean {
  if (turn === undefined || turn.replica.residency.state !== 'resident') return false;
  const { replica, served, untilMs } = turn;
  if (served && nowMs >= untilMs) return false;
  if (!served && replica.inFlight > 0) return true;
  const neededMs = oldestSinceMs(needy);
  for (const queue of fleet.queues.values())
    if (queue !== needy && (!served || oldestSinceMs(queue) < neededMs) && canServe(fleet, replica, queue, nowMs))
      return true;
  return false;
}

function canServe(fleet: Fleet, replica: Replica, queue: Queue, nowMs: number): boolean {
  for (const { tried } of firstWaiters(queue))
    if (candidatesOf(fleet, queue.deployments, tried, nowMs).some((one) => one.replica === replica && isWarm(one)))
      return true;
  return false;
}
