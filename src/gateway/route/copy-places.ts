import type { Backend, Fleet, Pool } from './fleet.ts';
import { fittingOf, residentsOf } from './in-memory.ts';
import { LookColumn } from './look-column.ts';
import { roomForOthers } from './room.ts';
import { COPY_REGRET, leastRegretOf, type PlaceFacts } from './victim.ts';

/** By backend: the least that waiters have to have waited before a copy of any model may go there, s. */
const waits = new LookColumn();

/**
 * Whether a backend may take a copy of a model, for waiters that have waited so long. It is found once in a look, for the copies of all
 * models: a fleet under load has no such backend, and a queue that needs a copy is compared with none. It may say yes where the comparison
 * says no, but not the other way.
 */
export function mayTakeCopy(fleet: Fleet, backend: Backend, waitedS: number, facts: PlaceFacts): boolean {
  const { number } = backend;
  if (!waits.has(number, facts.look)) {
    const waitS = leastWaitS(fleet, backend, facts);
    waits.set(number, facts.look, waitS);
    facts.looked += 1;
    if (waitS < facts.leastWaitS) facts.leastWaitS = waitS;
  }
  return waitedS >= waits.at(number);
}

/** Whether one of the backends of a pool may. */
export function anyMayTakeCopy(fleet: Fleet, { candidates }: Pool, waitedS: number, facts: PlaceFacts): boolean {
  // Every backend was looked at for a queue before.
  if (facts.looked === fleet.backends.size) return waitedS >= facts.leastWaitS;
  for (const { backend } of candidates) if (mayTakeCopy(fleet, backend, waitedS, facts)) return true;
  return false;
}

// 0 where it depends on the model and on the queue.
function leastWaitS(fleet: Fleet, backend: Backend, facts: PlaceFacts): number {
  if (backend.inFlight === 0 || mayKeepTurn(backend, facts.nowMs) || roomForOthers(backend) !== 'full') return 0;
  // Loops by index: an iterator for each backend was most of the garbage of a decision.
  const fitting = fittingOf(backend);
  for (let index = 0; index < fitting.length; index += 1) if (fitting[index]?.residency.state !== 'resident') return 0;
  const residents = residentsOf(backend);
  // A model that is not the gateway's costs nothing.
  if ((backend.listed?.length ?? 0) > residents.length) return 0;
  let least = Infinity;
  for (let index = 0; index < residents.length; index += 1) {
    const replica = residents[index];
    if (replica !== undefined) least = Math.min(least, leastRegretOf(fleet, replica, facts));
  }
  return COPY_REGRET * least;
}

function mayKeepTurn({ turn }: Backend, nowMs: number): boolean {
  return turn?.replica.residency.state === 'resident' && (!turn.served || nowMs < turn.untilMs);
}
