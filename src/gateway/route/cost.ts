import type { Candidate } from './candidate.ts';
import type { Backend, Fleet } from './fleet.ts';
import { coveredTokens } from './prompt-cache.ts';
import { decodeRate, decodeShare, prefillRate } from './rates.ts';
import type { Replica } from './replica.ts';
import type { Estimate } from './work.ts';

/** Weight of time between tokens, relative to time before the first one. */
const DECODE_WEIGHT = 0.3;

/**
 * The cost of a request on a backend, s: the time until its first token (what the backend reads there, and what of its own prompt no
 * cache has), and by less weight its own decoding beside the others and the delay of the others by it.
 */
export function costS(fleet: Fleet, where: Pick<Candidate, 'backend' | 'replica'>, estimate: Estimate): number {
  const { backend, replica } = where;
  const { outTokens } = estimate;
  const decode = decodeRate(fleet, replica);
  const busyBefore = busyModels(backend);
  const busy = busyBefore + (replica.inFlight === 0 ? 1 : 0);
  let decodeS = outTokens / decodeShare(decode, replica.inFlight + 1, busy);
  for (const other of backend.atWork) {
    const streams = other.inFlight;
    const rate = other === replica ? decode : decodeRate(fleet, other);
    const more = other === replica ? 1 : 0;
    decodeS +=
      (streams * 0.5 * other.outTokens) / decodeShare(rate, streams + more, busy) -
      (streams * 0.5 * other.outTokens) / decodeShare(rate, streams, busyBefore);
  }
  return readS(fleet, where, estimate) + DECODE_WEIGHT * decodeS;
}

/** Time until the prompt of a request is read on a backend, behind the prompts that are to be read there, s. */
export function readS(
  fleet: Fleet,
  { backend, replica }: Pick<Candidate, 'backend' | 'replica'>,
  { promptTokens, prefix }: Estimate,
): number {
  const busy = busyModels(backend) + (replica.inFlight === 0 ? 1 : 0);
  const unread = replica.unreadTokens + Math.max(1, promptTokens - coveredTokens(replica.promptCache, prefix));
  return (busy * unread) / prefillRate(fleet, replica);
}

/** Number of models that answer on a backend. */
export function busyModels({ atWork }: Backend): number {
  return atWork.length;
}

/** Counts a lease that begins. */
export function beginWork({ atWork }: Backend, replica: Replica): void {
  replica.inFlight += 1;
  if (replica.inFlight === 1) atWork.push(replica);
}

/** Counts a lease that has ended. */
export function endWork({ atWork }: Backend, replica: Replica): void {
  replica.inFlight -= 1;
  if (replica.inFlight === 0) atWork.splice(atWork.indexOf(replica), 1);
}

/** Time that a request takes of a full replica, s. */
export function priceS(fleet: Fleet, replica: Replica, unread: number, outTokens: number): number {
  return (
    unread / prefillRate(fleet, replica) +
    outTokens / (decodeRate(fleet, replica) * (1 + 0.4 * (slotCount(replica) - 1)))
  );
}

/** Slots of a replica, for estimates. */
export function slotCount({ slots }: Replica): number {
  return Number.isFinite(slots.count) ? slots.count : 4;
}
