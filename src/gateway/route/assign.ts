import { touchWork } from './attention.ts';
import type { Choice } from './choose-deployment.ts';
import { beginWork, busyModels, priceS, slotCount } from './cost.ts';
import type { Assignment } from './event.ts';
import type { Fleet, Lease } from './fleet.ts';
import { charge, type Flow } from './flow.ts';
import { expectedMs } from './latency.ts';
import { watchSent } from './lost-slots.ts';
import { occupy } from './prompt-cache.ts';
import { countUse } from './rate-window.ts';
import { prefillRate } from './rates.ts';
import type { Replica } from './replica.ts';
import { observeUse } from './slots.ts';
import { countDecision } from './tally.ts';
import { observeListed } from './tick-index.ts';
import { unbegunOf, watchUnbegun } from './overdue.ts';
import type { Estimate } from './work.ts';

/** Time after an abandoned prefill in which a request tests its estimate, ms. */
const PREFILL_TEST_MS = 500;

/** A trial has at least so long to its first token, ms. */
const LEAST_TRIAL_MS = 1000;

/** A request that gets a slot. */
export interface Assignee {
  readonly request: string;
  readonly sinceMs: number;
  readonly queue: string;
  readonly flow: Flow;
  readonly estimate: Estimate;
  /** The deployments that it asked for, if it may be taken back from one of them. */
  readonly recallable?: readonly string[] | undefined;
}

/** The wait of a request that gets a slot, ms, and when it joined its queue; `undefined` if it did not wait. */
interface AssigneeWait extends Pick<Assignment, 'loadMs' | 'waitedMs'> {
  readonly queuedMs: number | undefined;
}

/** Assigns a request to a deployment. */
export function assign(
  fleet: Fleet,
  { request, sinceMs, queue, flow, estimate, recallable }: Assignee,
  { deployment, backend, replica, reason, trial, free }: Choice,
  { loadMs, waitedMs, queuedMs }: AssigneeWait,
  nowMs: number,
  assignedMs = nowMs,
): Assignment {
  fleet.picks += 1;
  deployment.lastPicked = fleet.picks;
  deployment.inFlight += 1;
  deployment.rateWindow = countUse(deployment.rateWindow, { requests: 1, tokens: 0 }, nowMs);
  backend.inFlight += 1;
  backend.assignedMs = nowMs;
  const busy = busyModels(backend);
  beginWork(backend, replica);
  observeListed(fleet, replica);
  replica.usedMs = nowMs;
  observeUse(replica.slots, nowMs);
  replica.isUnused = false;
  const { promptTokens, outTokens, prefix } = estimate;
  const { covered, inSlot, displaced } = occupy(replica.promptCache, {
    request,
    prefix,
    slotCount: slotCount(replica),
    nowMs,
  });
  const unread = Math.max(1, promptTokens - covered);
  const unreadBefore = replica.unreadTokens;
  replica.unreadTokens += unread;
  const chargedS = priceS(fleet, replica, unread, outTokens);
  charge(flow, chargedS);
  replica.inFlightOf.set(flow, (replica.inFlightOf.get(flow) ?? 0) + 1);
  if (replica.slots.kind !== 'unbounded') replica.runningSinceMs.push(assignedMs);
  // A trial has a time of its own.
  const unbegun =
    trial || recallable === undefined
      ? undefined
      : unbegunOf(
          { request, deployments: recallable, sentMs: assignedMs },
          { deployment, backend, replica },
          { promptTokens, unreadBefore },
        );
  const lease: Lease = {
    request,
    deployment,
    backend,
    replica,
    sinceMs,
    assignedMs,
    position: replica.inFlight,
    slotsTaken: replica.inFlight + replica.abandonedPrefills.length,
    slotCount: replica.slots.count,
    order: fleet.picks,
    endsBefore: replica.slots.ends,
    unreadBefore,
    queue,
    flow,
    estimate,
    covered,
    inSlot,
    displaced,
    unread,
    chargedS,
    unbegun,
    busy,
    started: false,
    released: false,
    abandonedPrefillMs: testedPrefillMs(replica, nowMs),
  };
  replica.expiredPrefill = undefined;
  touchWork(fleet, backend, replica);
  watchSent(lease);
  watchUnbegun(fleet, lease);
  if (trial) {
    replica.slots.trial = { request, untilMs: nowMs + trialMs(fleet, lease, nowMs), startedMs: undefined };
    fleet.ticks.timed.add(replica);
    fleet.tickWanted = true;
  }
  countDecision(fleet.demands.get(queue)?.tally, reason);
  const { lastLoad } = replica;
  const load = lastLoad !== undefined && queuedMs !== undefined && queuedMs < lastLoad.endedMs ? lastLoad : undefined;
  return { kind: 'assign', request, lease, reason, loadMs, waitedMs, load, free };
}

// Time within which the first token of a trial comes if it has a slot.
function trialMs(fleet: Fleet, { replica, busy, unread, unreadBefore, deployment }: Lease, nowMs: number): number {
  const readMs = (1000 * Math.max(1, busy) * (unread + unreadBefore)) / prefillRate(fleet, replica);
  return Math.max(LEAST_TRIAL_MS, 3 * readMs, 2 * expectedMs(deployment.latency, nowMs));
}

// A request that gets the slot later finds an idle server, whatever the estimate was.
function testedPrefillMs({ expiredPrefill }: Replica, nowMs: number): number | undefined {
  return expiredPrefill !== undefined && nowMs - expiredPrefill.untilMs <= PREFILL_TEST_MS
    ? expiredPrefill.expectedMs
    : undefined;
}
