import type { Attention, Backend, Fleet, Pool } from './fleet.ts';
import { poolOf } from './pool.ts';
import type { Queue } from './queue.ts';
import type { Replica } from './replica.ts';

/** Nothing has changed. */
export function createAttention(): Attention {
  return { all: false, queues: [], replicas: [], loads: false, joined: undefined };
}

/** Records that a queue has got or lost a waiter. */
export function touchQueue({ attention }: Pick<Fleet, 'attention'>, queue: Queue): void {
  if (queue.isTouched) return;
  queue.isTouched = true;
  attention.queues.push(queue);
}

/** Records that a replica has other slots, or another use of them. */
export function touchReplica({ attention, waiting }: Pick<Fleet, 'attention' | 'waiting'>, replica: Replica): void {
  if (replica.isTouched || waiting.size === 0) return;
  replica.isTouched = true;
  attention.replicas.push(replica);
}

/** Records that a model has been loaded, may have been evicted, or has other options. */
export function touchMemory(fleet: Fleet, replica: Replica): void {
  for (const pool of fleet.poolsOf.get(replica) ?? []) pool.warm = undefined;
  fleet.attention.loads = true;
  const backend = fleet.backends.get(replica.backend);
  if (backend !== undefined) backend.memory.resident = undefined;
  // Whether the other models yield to a load depends on what is known about its model.
  if (backend?.loading === undefined && backend?.implicitLoad === undefined) touchReplica(fleet, replica);
  else touchBackend(fleet, backend);
}

/** Records that the requests of all models of a backend may be decided in another way. */
export function touchBackend(fleet: Fleet, { replicas }: Backend): void {
  fleet.attention.loads = true;
  if (fleet.waiting.size > 0) for (const replica of replicas) touchReplica(fleet, replica);
}

/** Records that all of it may be. */
export function touchAll({ attention }: Pick<Fleet, 'attention'>): void {
  attention.all = true;
  attention.loads = true;
}

/** Records that a replica has begun or ended its work: the other models at work there are faster or slower. */
export function touchWork(fleet: Pick<Fleet, 'attention' | 'waiting'>, { atWork }: Backend, replica: Replica): void {
  touchReplica(fleet, replica);
  if (replica.inFlight <= 1) for (const other of atWork) touchReplica(fleet, other);
}

/** The queues whose waiters may get a slot that they did not get before, in the order of their turns. */
export function queuesToDispatch(fleet: Fleet): Queue[] {
  // A model that is not in memory gives no slot, but another `order` may be used without it.
  const found = concerned(fleet, ({ hasOrder }, replica) => hasOrder || isServing(replica));
  for (const queue of found) queue.keptUntilMs = 0;
  if (fleet.attention.all) return [...fleet.queues.values()];
  return found.length < 2 ? found : found.toSorted(byTurn);
}

/** The queues whose load clock may have to start or stop. */
export function queuesToClock(fleet: Fleet): Iterable<Queue> {
  return fleet.attention.all ? fleet.queues.values() : concerned(fleet, () => true);
}

// The queues that have changed, and those that may use the replicas that have, each once.
function concerned(
  { attention, poolsOf }: Pick<Fleet, 'attention' | 'poolsOf'>,
  counts: (pool: Pool, replica: Replica) => boolean,
): Queue[] {
  const found = attention.queues.slice();
  for (const replica of attention.replicas)
    for (const pool of poolsOf.get(replica) ?? [])
      if (pool.queues.length > 0 && counts(pool, replica))
        for (const queue of pool.queues) {
          if (queue.isTouched) continue;
          queue.isTouched = true;
          found.push(queue);
        }
  for (let index = attention.queues.length; index < found.length; index += 1) {
    const queue = found[index];
    if (queue !== undefined) queue.isTouched = false;
  }
  return found;
}

function byTurn(a: Queue, b: Queue): number {
  return a.turn - b.turn;
}

function isServing({ residency: { state }, load }: Replica): boolean {
  return load === undefined && (state === 'resident' || state === 'always');
}

/** Everything was decided: the next event begins anew. */
export function endAttention({ attention }: Pick<Fleet, 'attention'>): void {
  attention.all = false;
  attention.loads = false;
  attention.joined = undefined;
  for (const queue of attention.queues) queue.isTouched = false;
  for (const replica of attention.replicas) replica.isTouched = false;
  attention.queues.length = 0;
  attention.replicas.length = 0;
}

/** Adds a queue at the end of the order of turns. */
export function addQueue(fleet: Fleet, queue: Queue): void {
  fleet.turns += 1;
  queue.turn = fleet.turns;
  fleet.queues.set(queue.key, queue);
  poolOf(fleet, queue.deployments).queues.push(queue);
}

/** Moves a queue to the end of the order of turns, if it has waiters. */
export function moveToEnd(fleet: Fleet, queue: Queue): void {
  if (!fleet.queues.delete(queue.key)) return;
  fleet.turns += 1;
  queue.turn = fleet.turns;
  fleet.queues.set(queue.key, queue);
}

/** Removes a queue without waiters. */
export function removeQueue(fleet: Fleet, queue: Queue): void {
  fleet.queues.delete(queue.key);
  fleet.mayRemoveDrained = true;
  const { queues } = poolOf(fleet, queue.deployments);
  const index = queues.indexOf(queue);
  if (index !== -1) queues.splice(index, 1);
}
