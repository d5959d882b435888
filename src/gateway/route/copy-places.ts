import type { Backend, Fleet } from './fleet.ts';
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

/** Whether every backend was looked at, and none may take a copy for waiters that have waited so long. */
export function noneTakesCopy(
  { backends }: Fleet,
  waitedS: number,
  { looked, leastWaitS: leastS }: PlaceFacts,
): boolean {
  return looked === backends.size && waitedS < leastS;
}

// 0 where it depends on the model and on the queue.
function leastWaitS(fleet: Fleet, backend: Backend, facts: PlaceFacts): number {
  if (backend.inFlight === 0 || mayKeepTurn(backend, facts.nowMs) || roomForOthers(backend) !== 'full') return 0;
  for (const { residency } of fittingOf(backend)) if (residency.state !== 'resident') return 0;
  const residents = residentsOf(backend);
  // A model that is not the gateway's costs nothing.
  if ((backend.listed?.length ?? 0) > residents.length) return 0;
  let least = Infinity;
  for (const replica of residents) least = Math.min(least, leastRegretOf(fleet, replica, facts));
  return COPY_REGRET * least;
}

function mayKeepTurn({ turn }: Backend, nowMs: number): boolean {
  return turn?.replica.residency.state === 'resident' && (!turn.served || nowMs < turn.untilMs);
}
