import { hasOthers } from './flow.ts';
import { arrivalRate } from './demand.ts';
import { capacityOf } from './fair-order.ts';
import { readS } from './cost.ts';
import type { Policy } from './policy.ts';
import type { Replica } from './replica.ts';

/** Slots from which one can be spared at any time, and the use of an alias's replicas from which it is worth it. */
const LEAST_SLOTS = 3;
const LEAST_USE = 0.5;
/** From this use on late requests would hardly be served, if more than the last slot were kept from them. */
const FULL_USE = 1;
/** A capacity is computed anew after this time, ms. */
const CAPACITY_MS = 100;
/** A caller that has not asked for so long needs no slot, ms. */
const OTHERS_MS = 30_000;

/** Prompts are read one by one: behind longer ones a request would wait inside the server, tokens. */
const MOST_UNREAD = 1000;

/** Whether a replica has so much to read that no request is sent to it. */
export function hasPromptsToRead({ unreadTokens }: Replica): boolean {
  return unreadTokens > MOST_UNREAD;
}

/**
 * Whether a request does not take a free slot of a replica. A request that is late, or whose prompt is too long to be read in time there,
 * leaves half of the slots to those that can still begin in time. Of three or more slots a batch leaves the last one, and so does a late
 * request where more is asked for than the replicas can serve, and a caller that has half of them while others ask. Any request waits until
 * the prompts before it are read: a shorter one may come, and another backend may be free sooner.
 */
export const keepsSlot: Policy['keepsSlot'] = (fleet, request, candidate, nowMs) => {
  const { slots, inFlight, abandonedPrefills, inFlightOf } = candidate.replica;
  if (hasPromptsToRead(candidate.replica)) return true;
  const free = slots.count - inFlight - abandonedPrefills.length;
  if (slots.count < 2 || free > slots.count / 2) return false;
  const isLast = free <= 1 && slots.count >= LEAST_SLOTS;
  const { name, deployments, late, batch, flow, estimate, dueMs } = request;
  if (!late && nowMs + 1000 * readS(fleet, candidate, estimate) <= dueMs)
    return isLast && (inFlightOf.get(flow) ?? 0) >= slots.count / 2 && hasOthers(flow, nowMs - OTHERS_MS);
  const demand = fleet.demands.get(name);
  if (demand === undefined) return false;
  if (demand.capacity === undefined || nowMs - demand.capacity.atMs >= CAPACITY_MS)
    demand.capacity = { atMs: nowMs, rate: capacityOf(fleet, { name, deployments }).rate };
  const use = arrivalRate(demand, nowMs) / demand.capacity.rate;
  return use > LEAST_USE && (isLast || (use < FULL_USE && !batch));
};
