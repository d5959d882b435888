import { candidatesOf, isWarm } from './candidate.ts';
import type { Fleet } from './fleet.ts';
import { hasRoom, type Replica } from './replica.ts';
import { isTaken } from './room.ts';

/** Counts a load that is sent for a queue while another replica has the model and a free slot for it. */
export function countIfSlotFree(fleet: Fleet, replica: Replica, queueKey: string | undefined, nowMs: number): void {
  const queue = fleet.queues.get(queueKey ?? '');
  if (queue === undefined) return;
  const isFree = candidatesOf(fleet, queue.deployments, [], nowMs).some(
    (one) =>
      one.replica !== replica &&
      isWarm(one) &&
      hasRoom(one.replica) &&
      nowMs >= one.replica.pausedUntilMs &&
      !isTaken(one.backend),
  );
  if (isFree) replica.needless.slotFree += 1;
}
