import { assign } from './assign.ts';
import { estimateOf } from './arrival.ts';
import { removeWaiter } from './dispatch.ts';
import type { Decision, SlotRequest } from './event.ts';
import type { Fleet, Lease } from './fleet.ts';
import { countLive, flowOf, observeCaller, type Flow } from './flow.ts';
import { dropUnsentLoads } from './foreign-load.ts';
import type { Holding } from './holding.ts';
import { candidateOf } from './pool.ts';
import { loadWaitMs, queuedForMs } from './queue.ts';
import { startLease } from './start-lease.ts';
import type { Estimate, Work } from './work.ts';

/** Another instance decides from now on, or this one again. */
export function delegate(fleet: Fleet, isOn: boolean): void {
  if (isOn && !fleet.isDelegated) dropUnsentLoads(fleet);
  fleet.isDelegated = isOn;
  fleet.tickWanted ||= fleet.waiting.size > 0;
}

/** Gives a request the slot that another instance has decided on. Nothing is decided about a deployment that is not known. */
export function adopt(fleet: Fleet, holding: Holding, nowMs: number, out: Decision[]): void {
  const { request, queue: name, work, sinceMs, started, reason, free } = holding;
  const place = candidateOf(fleet, holding.deployment);
  if (place === undefined) return;
  const waiting = fleet.waiting.get(request);
  const choice = { ...place, reason, trial: false, free };
  const assignedMs = Math.min(nowMs, holding.assignedMs);
  if (waiting === undefined) {
    const flow = flowOf(fleet.flows, work);
    observeCaller(flow, nowMs);
    countLive(flow, 1);
    const asked = { queue: name, deployments: [holding.deployment], tried: [], isRetry: true, sinceMs, work };
    const estimate = estimateOf(fleet, flow, { ...asked, maxWaitMs: 0, untilMs: 0, loadedMs: 0 }, nowMs);
    const wait = { loadMs: 0, waitedMs: 0, queuedMs: undefined };
    out.push(assign(fleet, { request, sinceMs, queue: name, flow, estimate }, choice, wait, nowMs, assignedMs));
  } else {
    const { queue, waiter } = waiting;
    const { queuedMs, flow, estimate } = waiter;
    const wait = { loadMs: loadWaitMs(queue, waiter, nowMs), waitedMs: queuedForMs(queue, waiter, nowMs), queuedMs };
    removeWaiter(fleet, request, nowMs);
    const assignee = { request, sinceMs: waiter.sinceMs, queue: queue.name, flow, estimate };
    out.push(assign(fleet, assignee, choice, wait, nowMs, assignedMs));
  }
  const decision = out.at(-1);
  if (started && decision?.kind === 'assign') startLease(fleet, decision.lease, nowMs);
}

/** The lease of a running request, for another instance. */
export function holdingOf(lease: Lease): Holding {
  const { request, deployment, queue, sinceMs, assignedMs, started, flow, estimate } = lease;
  const work = workOf(flow, estimate, false);
  const reason = 'handed-over';
  return { request, deployment: deployment.id, queue, work, sinceMs, assignedMs, started, reason, free: 0 };
}

/** The requests that wait, in the order in which they came, as they would ask another instance for slots. */
export function waitersFor({ waiting }: Fleet, nowMs: number): readonly (readonly [request: string, SlotRequest])[] {
  return [...waiting].map(([request, { queue, waiter }]) => {
    const { deployments, tried, isRetry, sinceMs, maxWaitMs, untilMs, flow, estimate, batch, recallable } = waiter;
    const loadedMs = loadWaitMs(queue, waiter, nowMs);
    const work = { ...workOf(flow, estimate, batch), startsWhenRead: recallable !== undefined };
    const times = { sinceMs, maxWaitMs, untilMs, loadedMs };
    return [request, { queue: queue.name, deployments, tried, isRetry, ...times, work, isAdmitted: true }];
  });
}

// Flows are named by the key and the user behind it.
function workOf({ id }: Flow, { promptTokens, outTokens, prefix }: Estimate, batch: boolean): Work {
  const at = id.indexOf('\n');
  const [key, user] = at === -1 ? [id, ''] : [id.slice(0, at), id.slice(at + 1)];
  return { promptTokens, maxTokens: outTokens, prefix, key, user, batch };
}
