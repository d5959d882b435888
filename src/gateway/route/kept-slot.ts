import { hasOthers } from './flow.ts';
import { arrivalRate } from './demand.ts';
import { capacityOf } from './fair-order.ts';
import type { Policy } from './policy.ts';

/** Slots from which one can be spared, and the use of an alias's replicas from which it is worth it. */
const LEAST_SLOTS = 3;
const LEAST_USE = 0.7;
/** A capacity is computed anew after this time, ms. */
const CAPACITY_MS = 100;
/** A caller that has not asked for so long needs no slot, ms. */
const OTHERS_MS = 30_000;

/** A late request does not begin behind longer prompts that are being read, tokens. */
const MOST_UNREAD = 1000;

/**
 * Whether a request leaves the last free slot of a replica: a late one to those that can still begin in time, and one of a caller that
 * has all other slots to the other callers. A late request also waits until prompts that were sent before it are read.
 */
export const keepsSlot: Policy['keepsSlot'] = (fleet, { name, deployments, late, flow }, { replica }, nowMs) => {
  const { slots, inFlight, abandonedPrefills, inFlightOf } = replica;
  if (late && replica.unreadTokens > MOST_UNREAD) return true;
  if (slots.count < LEAST_SLOTS || slots.count - inFlight - abandonedPrefills.length > 1) return false;
  if (!late) return (inFlightOf.get(flow) ?? 0) >= slots.count - 1 && hasOthers(flow, nowMs - OTHERS_MS);
  const demand = fleet.demands.get(name);
  if (demand === undefined) return false;
  if (demand.capacity === undefined || nowMs - demand.capacity.atMs >= CAPACITY_MS)
    demand.capacity = { atMs: nowMs, rate: capacityOf(fleet, { name, deployments }).rate };
  return arrivalRate(demand, nowMs) > LEAST_USE * demand.capacity.rate;
};
