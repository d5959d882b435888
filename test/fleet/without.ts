import { goesFirst } from '../../src/gateway/route/flow.ts';
import { loadForWaiters } from '../../src/gateway/route/next-load.ts';
import { retriesFirst, type NextWaiter } from '../../src/gateway/route/order.ts';
import type { Fleet } from '../../src/gateway/route/fleet.ts';
import type { Policy } from '../../src/gateway/route/policy.ts';
import { valuesOf } from '../../src/gateway/route/list.ts';
import { markLate, type Queue, type Waiter } from '../../src/gateway/route/queue.ts';
import { leastBusy } from '../../src/gateway/route/strategy/least-busy.ts';
import type { Work } from '../../src/gateway/route/work.ts';
import { yieldToLoads } from '../../src/gateway/route/yield-to-load.ts';

/** A `fleet` policy with one of its ideas taken away: another function in its place, or less knowledge of each request. */
interface Without {
  readonly policy?: (policy: Policy) => Partial<Policy>;
  readonly work?: (work: Work) => Partial<Work>;
}

/** A waiter is late if less than this is left to its target, ms. */
const LEAST_LEFT_MS = 200;

/** The ideas of `fleet`, by the name after `--without`. */
export const IDEAS: Readonly<Record<string, Without>> = {
  /** Two age bands, and in each of them the caller that has had least. */
  'on-time-set': { policy: () => ({ order: agedOrder }) },
  /** The backend with fewest requests. */
  'cost-in-seconds': { policy: () => ({ strategy: { ...leastBusy, name: 'fleet' } }) },
  /** No prompt is known to be in a cache. */
  'prompt-cache': { work: () => ({ prefix: [] }) },
  /** All free slots are used, by any request. */
  'kept-slot': { policy: ({ keepsSlot }) => ({ keepsSlot: withCandidate(keepsSlot, { slots: 0 }) }) },
  /** Requests are sent behind prompts that are being read. */
  'unread-prompts': {
    policy: ({ keepsSlot }) => ({ keepsSlot: withCandidate(keepsSlot, { unread: 0 }), isClosed: () => false }),
  },
  /** The backend chooses the model that it evicts. */
  'named-victims': {
    policy: ({ random }) => ({ nextLoad: loadForWaiters({ strategy: leastBusy, random }), yields: yieldToLoads }),
  },
  /** No copy is made while nobody waits. */
  'copies-ahead': { policy: () => ({ loadAhead: () => undefined }) },
  /** A request that waits inside its server stays there. */
  'overdue-recalls': { policy: () => ({ recallsOverdue: false }) },
  /** All requests are of one caller. */
  callers: { work: () => ({ key: '', user: undefined }) },
};

/** The policy of the product without an idea. */
export function policyWithout(policy: Policy, idea: string | undefined): Policy {
  return { ...policy, ...IDEAS[idea ?? '']?.policy?.(policy) };
}

/** The gateway's knowledge of a request without an idea. */
export function workWithout(work: Work, idea: string | undefined): Work {
  return { ...work, ...IDEAS[idea ?? '']?.work?.(work) };
}

// The rule for a slot, as if the replica had so few slots that none is kept, or no prompt to read.
function withCandidate(
  keepsSlot: Policy['keepsSlot'],
  { slots, unread }: { readonly slots?: number; readonly unread?: number },
): Policy['keepsSlot'] {
  return (fleet, request, { replica, ...rest }, nowMs) =>
    keepsSlot(
      fleet,
      request,
      {
        ...rest,
        replica: {
          ...replica,
          slots: { ...replica.slots, count: slots ?? replica.slots.count },
          unreadTokens: unread ?? replica.unreadTokens,
        },
      },
      nowMs,
    );
}

function* agedOrder(_fleet: Fleet, queue: Queue, nowMs: number): Generator<NextWaiter> {
  yield* retriesFirst(queue);
  for (const waiter of valuesOf(queue.onTime.all)) if (nowMs > waiter.dueMs - LEAST_LEFT_MS) markLate(queue, waiter);
  for (const band of [queue.onTime, queue.late, queue.batch]) {
    let first: Waiter | undefined;
    for (const group of band.groups.values()) {
      const waiter = group.first?.value;
      if (waiter !== undefined && (first === undefined || goesFirst(waiter.flow, first.flow))) first = waiter;
    }
    if (first === undefined) continue;
    yield { waiter: first, late: band !== queue.onTime };
    return;
  }
}
