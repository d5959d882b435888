import { nothingApart } from './apart.ts';
import { correct, countLive, observeOutTokens } from './flow.ts';
import { busyModels, endWork, priceS } from './cost.ts';
import { observePrompt, observeResponse } from './demand.ts';
import { clearPromptCache, observeDisplaced, vacate, vacateUnread } from './prompt-cache.ts';
import { observeRates, prefillRate } from './rates.ts';
import { CLOSED, DOUBTED, isDoubted, opened, probed } from './circuit.ts';
import type { AttemptResult, RouteEvent, Observation } from './event.ts';
import type { Backend, Fleet, Lease, DeploymentState } from './fleet.ts';
import { withSample } from './latency.ts';
import { countUse } from './rate-window.ts';
import { hasMoved, watchEnd } from './lost-slots.ts';
import { endWatch } from './overdue.ts';
import { clearSlotWatch } from './slot-watch.ts';
import type { Policy } from './policy.ts';
import type { Replica } from './replica.ts';
import { resetResidency } from './residency.ts';
import { followSibling, forgetSlots, observeEnd, observeRun, observeSlotEnd } from './slots.ts';
import { remainingPrefillMs, observePrefill, observeAbandonedPrefill, observeService } from './speed.ts';
import { observeAnswer } from './stuck-load.ts';
import { touchBackend, touchMemory, touchWork } from './attention.ts';
import { observeListed } from './tick-index.ts';
import { observeTurn } from './turn.ts';

/** An abandoned prefill that ends sooner is ignored, ms. */
const LEAST_REMAINING_MS = 5;
const BUSY_PAUSE_MS = 500;
/** A displaced prompt of fewer tokens says nothing about whether such prompts are kept. */
const LEAST_DISPLACED = 500;

/**
 * A lease has ended: gives the slot back and learns from the attempt. Returns whether the backend is down since now. A lease that was
 * released before is ignored.
 */
export function release(
  fleet: Fleet,
  policy: Policy,
  { lease, result, observation }: Extract<RouteEvent, { kind: 'released' }>,
  nowMs: number,
): boolean {
  if (lease.released) return false;
  const { request, deployment, backend, replica, started } = lease;
  lease.released = true;
  if (result === 'recalled' && lease.unbegun !== undefined) replica.recalls += 1;
  deployment.inFlight -= 1;
  backend.inFlight -= 1;
  if (backend.inFlight === 0) backend.idleSinceMs = nowMs;
  if (result === 'answered') backend.seenMs = nowMs;
  const busy = busyModels(backend);
  const slotCount = replica.slots.count;
  endWork(backend, replica);
  observeListed(fleet, replica);
  touchWork(fleet, backend, replica);
  if (!started) replica.unreadTokens = Math.max(0, replica.unreadTokens - lease.unread);
  if (replica.inFlight === 0) replica.unreadTokens = 0;
  countLive(lease.flow, -1);
  const others = (replica.inFlightOf.get(lease.flow) ?? 1) - 1;
  if (others > 0) replica.inFlightOf.set(lease.flow, others);
  else replica.inFlightOf.delete(lease.flow);
  if (result === 'refused' || result === 'recalled' || result === 'busy') vacateUnread(replica.promptCache, request);
  else vacate(replica.promptCache, request, result === 'answered' ? (observation?.outTokens ?? 0) : 0, nowMs);
  const running = replica.runningSinceMs.indexOf(lease.assignedMs);
  if (running !== -1) replica.runningSinceMs.splice(running, 1);
  if (replica.inFlight === 0) replica.idleSinceMs = nowMs;
  observeTurn(fleet, backend, replica);
  watchEnd(lease, result, nowMs);
  endWatch(fleet, lease, hasMoved(lease, result), nowMs);
  if (started) {
    replica.started -= 1;
    backend.started -= 1;
  }
  observeEnd(replica.slots, request, result === 'answered', nowMs);
  // Only a lease that has not started may wait for this one's slot.
  if (replica.inFlight > replica.started) observeSlotEnd(replica.slots, lease.order, nowMs);
  learn(fleet, lease, result, observation, busy, nowMs);
  if (replica.slots.count !== slotCount) {
    shareSlots(backend, replica);
    touchBackend(fleet, backend);
  }
  settle(fleet, lease, result, observation, busy);
  if (observation?.tokens !== undefined)
    deployment.rateWindow = countUse(deployment.rateWindow, { requests: 0, tokens: observation.tokens }, nowMs);
  if (observation?.firstMs !== undefined)
    deployment.latency = withSample(deployment.latency, observation.firstMs, nowMs);
  // Each request of a dead backend fails: the first failure is handled for all of them.
  const died = result === 'backend-failed' && backend.circuit.state !== 'open';
  if (died) markDown(fleet, backend, nowMs);
  else penalize(fleet, policy, lease, result, nowMs);
  if (deployment.draining || backend.draining) {
    fleet.mayRemoveDrained = true;
    fleet.tickWanted = true;
  }
  return died;
}

/** The slots of a replica were learned: the models of its backend of which none are known start with as many. */
export function shareSlots({ replicas }: Backend, { slots }: Replica): void {
  for (const other of replicas) if (other.slots !== slots) followSibling(other.slots, slots.count);
}

/** A backend is gone: opens its circuit and forgets what was known about it. */
export function markDown(fleet: Fleet, backend: Backend, nowMs: number): void {
  touchBackend(fleet, backend);
  backend.circuit = opened(backend.circuit, nowMs);
  backend.listed = undefined;
  backend.heldTogether = [];
  backend.mostBytes = 0;
  backend.fullAt = undefined;
  Object.assign(backend.apart, nothingApart());
  for (const replica of backend.replicas) {
    resetResidency(replica.residency, nowMs, false);
    touchMemory(fleet, replica);
    replica.isUnused = false;
    forgetSlots(replica.slots);
    clearPromptCache(replica.promptCache);
    clearSlotWatch(replica.slotWatch);
    replica.stall = undefined;
    replica.abandonedPrefills = [];
    replica.failingUntilMs = 0;
    replica.pausedUntilMs = 0;
  }
}

/** A connection to a backend failed: the backend gets nothing more until it has been probed. */
export function doubt(backend: Backend): void {
  if (backend.circuit !== CLOSED) return;
  backend.circuit = DOUBTED;
  for (const replica of backend.replicas) replica.pausedUntilMs = Number.POSITIVE_INFINITY;
}

/** A probe of a backend has ended. Returns whether the backend is down since now. */
export function endProbe(fleet: Fleet, backend: Backend, alive: boolean, nowMs: number): boolean {
  const wasDoubted = isDoubted(backend.circuit);
  if (wasDoubted) for (const replica of backend.replicas) replica.pausedUntilMs = nowMs;
  if (alive) backend.seenMs = nowMs;
  if (!wasDoubted || alive) {
    backend.circuit = probed(backend.circuit, alive, nowMs);
    return false;
  }
  markDown(fleet, backend, nowMs);
  return true;
}

// The price of what was done replaces the expected one, and the tokens of a response are learned.
function settle(
  fleet: Fleet,
  { queue, flow, replica, estimate, covered, inSlot, displaced, unread, chargedS, position, busy }: Lease,
  result: AttemptResult,
  { promptTokens, outTokens = 0, prefillMs, decodeMs = 0 }: Partial<Observation> = {},
  busyAtEnd: number,
): void {
  const answered = result === 'answered';
  // The caller pays nothing for a failed attempt.
  const doneS =
    answered || result === 'cancelled'
      ? priceS(fleet, replica, Math.max(1, (promptTokens ?? unread + covered) - covered), outTokens)
      : 0;
  correct(flow, doneS - chargedS);
  if (!answered || promptTokens === undefined) return;
  const demand = fleet.demands.get(queue);
  if (demand !== undefined) {
    observePrompt(demand, { estimated: estimate.promptTokens / demand.estimateFactor, counted: promptTokens, covered });
    observeResponse(demand, outTokens);
  }
  replica.outTokens += 0.05 * (outTokens - replica.outTokens);
  observeOutTokens(flow, queue, outTokens);
  // The time of a prompt that may have been displaced tells whether it was kept: it is no sample of the rate.
  const isDoubtful = displaced > LEAST_DISPLACED;
  if (isDoubtful && prefillMs !== undefined) {
    const read = (prefillMs / 1000) * prefillRate(fleet, replica);
    observeDisplaced(replica.promptCache, (promptTokens - inSlot - read) / displaced);
  }
  observeRates(fleet, replica, {
    readTokens: isDoubtful ? 0 : promptTokens - covered,
    prefillMs: prefillMs ?? 0,
    outTokens,
    decodeMs,
    streams: (position + replica.inFlight + 1) / 2,
    busy: (Math.max(1, busy) + Math.max(1, busyAtEnd)) / 2,
  });
}

function learn(
  fleet: Fleet,
  lease: Lease,
  result: AttemptResult,
  observation: Observation | undefined,
  busy: number,
  nowMs: number,
): void {
  const { replica, assignedMs, started, abandonedPrefillMs } = lease;
  const { speed, slots } = replica;
  if (result === 'answered') {
    observeAnswer(fleet, lease, nowMs);
    observeService(speed, nowMs - assignedMs);
    if (observation?.prefillMs !== undefined) observePrefill(speed, observation.promptBytes, observation.prefillMs);
    const { insideMs } = observation ?? {};
    if (insideMs === undefined) return;
    if (abandonedPrefillMs !== undefined) observeAbandonedPrefill(speed, abandonedPrefillMs, insideMs);
    else {
      const aheadMs = (1000 * busy * lease.unreadBefore) / prefillRate(fleet, replica);
      const { position, order, endsBefore } = lease;
      observeRun(slots, { position, order, endsBefore, assignedMs, insideMs, aheadMs }, nowMs);
    }
  } else if (observation?.abandoned === true && !started && slots.kind !== 'unbounded') {
    const remainingMs = remainingPrefillMs(speed, observation.promptBytes, nowMs - assignedMs);
    if (remainingMs < LEAST_REMAINING_MS) return;
    fleet.ticks.timed.add(replica);
    replica.abandonedPrefills.push({ untilMs: nowMs + remainingMs, expectedMs: remainingMs + nowMs - assignedMs });
    fleet.tickWanted = true;
  }
}

// A fault of the request says nothing about the backend, and the death of a runner nothing about the backend's other models.
function penalize(
  fleet: Fleet,
  policy: Policy,
  { deployment, backend, replica }: Lease,
  result: AttemptResult,
  nowMs: number,
): void {
  if (result === 'busy') replica.pausedUntilMs = Math.max(replica.pausedUntilMs, nowMs + BUSY_PAUSE_MS);
  else if (result === 'answered') deployment.failures = 0;
  else if (result === 'connection-failed') {
    countFailure(deployment, policy, nowMs);
    doubt(backend);
  } else if (result === 'deployment-failed') {
    countFailure(deployment, policy, nowMs);
    resetResidency(replica.residency, nowMs, true);
    touchMemory(fleet, replica);
  }
}

function countFailure(deployment: DeploymentState, policy: Policy, nowMs: number): void {
  deployment.failures += 1;
  if (deployment.failures < policy.allowedFails) return;
  deployment.cooldownUntilMs = nowMs + (deployment.cooldownMs ?? policy.cooldownMs);
  deployment.failures = 0;
}
