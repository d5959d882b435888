import { hasOthers } from './flow.ts';
import { arrivalRate } from './demand.ts';
import { capacityOf } from './fair-order.ts';
import type { Policy } from './policy.ts';
import type { Replica } from './replica.ts';

/** Slots from which one can be spared, and the use of an alias's replicas from which it is worth it. */
const LEAST_SLOTS = 3;
const LEAST_USE = 0.7;
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
 * Whether a request does not take a free slot of a replica. It leaves the last one: a late request to those that can still begin in time,
 * and one of a caller that has half of the slots to the other callers. Any request waits until the prompts before it are read: a shorter
 * one may come, and another backend may be free sooner.
 */
export const keepsSlot: Policy['keepsSlot'] = (fleet, { name, deployments, late, flow }, { replica }, nowMs) => {
  const { slots, inFlight, abandonedPrefills, inFlightOf } = replica;
  if (hasPromptsToRead(replica)) return true;
  if (slots.count < LEAST_SLOTS || slots.count - inFlight - abandonedPrefills.length > 1) return false;
  if (!late) return (inFlightOf.get(flow) ?? 0) >= slots.count / 2 && hasOthers(flow, nowMs - OTHERS_MS);
  const demand = fleet.demands.get(name);
  if (demand === undefined) return false;
  if (demand.capacity === undefined || nowMs - demand.capacity.atMs >= CAPACITY_MS)
    demand.capacity = { atMs: nowMs, rate: capacityOf(fleet, { name, deployments }).rate };
  return arrivalRate(demand, nowMs) > LEAST_USE * demand.capacity.rate;
};
