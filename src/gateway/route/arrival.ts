import { flowOf, countLive, observeCaller, type Flow } from './flow.ts';
import { retryAfterMs } from './admission.ts';
import { addQueue, touchQueue } from './attention.ts';
import { candidatesOf, isWarm, whyUnavailable, type Candidate } from './candidate.ts';
import { createDemand, observeArrival, type Demand } from './demand.ts';
import { assign } from './assign.ts';
import { chooseDeployment } from './choose-deployment.ts';
import { removeWaiter } from './dispatch.ts';
import type { Decision, Rejection, RouteEvent, SlotRequest } from './event.ts';
import type { Fleet } from './fleet.ts';
import type { Policy } from './policy.ts';
import { poolOf, queueKeyOf } from './pool.ts';
import { coveredTokens } from './prompt-cache.ts';
import { createQueue, enqueue, loadClock, queueLength, type Waiter } from './queue.ts';
import { beginShareLoad } from './share-load.ts';
import { countDecision } from './tally.ts';
import type { Estimate } from './work.ts';

/** Time to the first token that people want, and where no backend has the model in memory, ms. */
const TARGET_MS = 2000;
const COLD_TARGET_MS = 15_000;
const NO_WAIT = { loadMs: 0, waitedMs: 0, queuedMs: undefined } as const;
const NO_CALLER = { key: '', user: undefined };

/**
 * A request arrives: assigns it if nothing waits in its queue and a slot is free, else rejects it or appends it to its queue.
 */
export function arrive(
  fleet: Fleet,
  policy: Policy,
  event: Extract<RouteEvent, { kind: 'arrived' }>,
  nowMs: number,
  out: Decision[],
): void {
  const { request, tried, sinceMs, maxWaitMs } = event;
  // The lists of all requests of an alias are alike: one of them is kept.
  const pool = poolOf(fleet, event.deployments);
  const { ids: deployments } = pool;
  // Without waiters there is no queue to look up. After a reload requests of the old and the new configuration may want other
  // deployments: they have queues of their own.
  let queue = fleet.waiting.size === 0 ? undefined : fleet.queues.get(queueKeyOf(pool, event.queue));
  const ahead = queue === undefined ? 0 : queueLength(queue);
  const { queue: name, isRetry, work } = event;
  const dueMs = isRetry ? Number.POSITIVE_INFINITY : sinceMs + TARGET_MS;
  const flow = flowOf(fleet.flows, work ?? NO_CALLER);
  observeCaller(flow, nowMs);
  const estimate = estimateOf(fleet, flow, { ...event, deployments }, nowMs);
  const batch = work?.batch ?? false;
  // A batch has time, and would be taken back again and again, since it does not go before others as a retry.
  const isFirst = !isRetry && tried.length === 0 && !batch;
  const isRecallable = policy.recallsOverdue && isFirst && work?.startsWhenRead === true;
  const recallable = isRecallable ? deployments : undefined;
  const choice =
    ahead === 0 && !fleet.isDelegated
      ? chooseDeployment(fleet, policy, { name, deployments, tried, estimate, late: batch, flow, batch, dueMs }, nowMs)
      : undefined;
  if (choice !== undefined) {
    countLive(flow, 1);
    out.push(assign(fleet, { request, sinceMs, queue: name, flow, estimate, recallable }, choice, NO_WAIT, nowMs));
    if (choice.reason === 'only-resident') beginShareLoad(fleet, policy, event, nowMs, out);
    return;
  }
  const candidates = candidatesOf(fleet, deployments, tried, nowMs);
  const reject = (reason: Rejection['reason'], afterMs: number): void => {
    countDecision(fleet.demands.get(name)?.tally, reason);
    out.push({ kind: 'reject', request, reason, retryAfterMs: afterMs, loadMs: 0, waitedMs: 0, ahead });
  };
  if (candidates.length === 0 && !fleet.isDelegated) {
    const why = whyUnavailable(fleet, deployments, tried, nowMs);
    reject(why.reason, why.retryAfterMs);
    return;
  }
  // A retry was admitted before; where another instance decides, it admits.
  const isAdmitted = isRetry || event.isAdmitted === true || fleet.isDelegated;
  const admission = isAdmitted ? ({ admit: true } as const) : policy.admit({ ahead, candidates, maxWaitMs, nowMs });
  if (!admission.admit) {
    reject(admission.reason, retryAfterMs(admission.expectedMs, policy.random()));
    return;
  }
  if (queue === undefined) {
    queue = createQueue(queueKeyOf(pool, name), name, deployments, nowMs);
    addQueue(fleet, queue);
  }
  const { untilMs, loadedMs } = event;
  const waiter: Waiter = {
    request,
    deployments: queue.deployments,
    tried,
    isRetry,
    sinceMs,
    maxWaitMs,
    untilMs,
    loadMsBefore: loadClock(queue, nowMs) - loadedMs,
    queuedMs: nowMs,
    loadedMs,
    dueMs: candidates.some(isWarm) ? dueMs : dueMs + COLD_TARGET_MS - TARGET_MS,
    unreadTokens: Math.max(1, estimate.promptTokens - mostCovered(candidates, estimate)),
    estimate,
    flow,
    batch,
    recallable,
  };
  countLive(flow, 1);
  enqueue(queue, waiter, nowMs);
  fleet.waiting.set(request, { queue, waiter });
  touchQueue(fleet, queue);
  fleet.attention.joined = queue;
}

// Tokens of a prompt that the cache of any candidate has.
function mostCovered(candidates: readonly Candidate[], { prefix }: Estimate): number {
  let most = 0;
  if (prefix.length > 0)
    for (const { replica } of candidates) most = Math.max(most, coveredTokens(replica.promptCache, prefix));
  return most;
}

/** A waiter leaves, or is rejected. */
export function leave(fleet: Fleet, request: string, nowMs: number): void {
  const waiting = fleet.waiting.get(request);
  if (waiting === undefined) return;
  countLive(waiting.waiter.flow, -1);
  touchQueue(fleet, waiting.queue);
  removeWaiter(fleet, request, nowMs);
}

// Once after each change of the configuration: the list of an alias is the same for all of its requests.
function link({ deployments: all, replicas }: Fleet, demand: Demand, deployments: readonly string[]): void {
  if (demand.deployments.length === deployments.length && demand.deployments[0] === deployments[0]) return;
  demand.deployments = deployments;
  for (const id of deployments) {
    const demands = replicas.get(all.get(id)?.replica ?? '')?.demands;
    if (demands?.includes(demand) === false) demands.push(demand);
  }
}

/** The expected work of a request; without a look at it, that is the mean of its alias. */
export function estimateOf(
  fleet: Fleet,
  { outTokens }: Flow,
  { queue: name, deployments, work, isRetry }: SlotRequest,
  nowMs: number,
): Estimate {
  let demand = fleet.demands.get(name);
  if (demand === undefined) {
    demand = createDemand(nowMs);
    fleet.demands.set(name, demand);
  }
  if (!isRetry) observeArrival(demand, nowMs);
  link(fleet, demand, deployments);
  const expected = outTokens.get(name) ?? demand.outTokens;
  return {
    promptTokens: work === undefined ? demand.promptTokens : work.promptTokens * demand.estimateFactor,
    outTokens: Math.min(expected, work?.maxTokens ?? Infinity),
    prefix: work?.prefix ?? [],
  };
}
