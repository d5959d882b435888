import { touchMemory } from './attention.ts';
import { busyModels } from './cost.ts';
import type { AttemptResult, Decision } from './event.ts';
import type { Backend, Fleet, Lease } from './fleet.ts';
import { decodeRate } from './rates.ts';
import type { Replica } from './replica.ts';
import { isReady, resetResidency } from './residency.ts';
import { clearSlotWatch, type SlotWatch } from './slot-watch.ts';

/** A silence is longer than expected from so many times the expected time on, and from so long on, ms. */
const PATIENCE = 8;
const LEAST_SILENCE_MS = 60_000;
/** Tokens of a prompt a second where the replica's own rate is not known: a slow CPU. */
const SLOW_PREFILL = 20;
/** Time in which the test of a model comes back if it has a slot, ms. */
export const TEST_MS = 30_000;
/** An unload is repeated after so long, and given up after so long, ms. */
const UNLOAD_PAUSE_MS = 5000;
const MOST_UNLOADING_MS = 60_000;
const PAUSE_MS = 10_000;

/** A request is sent. */
export function watchSent({ replica: { slotWatch }, estimate }: Lease): void {
  slotWatch.promptTokens += estimate.promptTokens;
  slotWatch.outTokens += estimate.outTokens;
}

/** A request has begun to be answered. */
export function watchStart({ replica: { slotWatch }, estimate }: Lease, nowMs: number): void {
  slotWatch.promptTokens -= estimate.promptTokens;
  slotWatch.outTokens -= estimate.outTokens;
  slotWatch.patience = 1;
  move(slotWatch, nowMs);
}

/** A lease has ended. An end by the gateway or its client shows nothing of the server. */
export function watchEnd(lease: Lease, result: AttemptResult, nowMs: number): void {
  const { estimate, started } = lease;
  const { slotWatch } = lease.replica;
  if (!started) {
    slotWatch.promptTokens -= estimate.promptTokens;
    slotWatch.outTokens -= estimate.outTokens;
  }
  // A model that is unloaded reads nothing any more.
  if (hasMoved(lease, result) || slotWatch.unloading !== undefined) move(slotWatch, nowMs);
  else slotWatch.abandonedTokens += estimate.promptTokens;
}

/** Whether the end of a lease shows that its model answers. */
export function hasMoved({ started }: Lease, result: AttemptResult): boolean {
  return started || result === 'answered' || result === 'refused' || result === 'busy';
}

/**
 * Looks for lost slots on a backend that has just listed its memory. Ollama can lose the slots of a model when clients leave (seen on
 * 0.22.1): it lists the model and answers none of its requests, until the model is unloaded. A model is tested if it has been silent for
 * eight times the time of its requests; if the test does not come back either, its requests are recalled and the model is unloaded.
 */
export function findLostSlots(fleet: Fleet, backend: Backend, nowMs: number, out: Decision[]): void {
  for (const replica of backend.replicas) {
    const { slotWatch } = replica;
    if (slotWatch.unloading !== undefined) goOnUnloading(fleet, backend, replica, nowMs, out);
    else if (!isSilent(fleet, backend, replica, nowMs)) slotWatch.testedMs = undefined;
    else if (slotWatch.testedMs === undefined) test(fleet, replica, nowMs, out);
    else if (nowMs - slotWatch.testedMs >= TEST_MS) unload(fleet, backend, replica, nowMs, out);
  }
}

/** A test has come back: the model answers. */
export function endTest({ slotWatch }: Replica, nowMs: number): void {
  if (slotWatch.testedMs === undefined) return;
  slotWatch.testedMs = undefined;
  slotWatch.patience *= 2;
  slotWatch.movedMs = nowMs;
}

/** The silence of a replica that is longer than its requests can explain, ms. */
export function longestSilenceMs(fleet: Fleet, backend: Backend, replica: Replica): number {
  const { promptTokens, abandonedTokens, outTokens, patience } = replica.slotWatch;
  const readS = (promptTokens + abandonedTokens) / (replica.rates.prefill ?? SLOW_PREFILL);
  const answerS = replica.rates.decode === undefined ? 0 : outTokens / decodeRate(fleet, replica);
  const expectedMs = 1000 * Math.max(1, busyModels(backend)) * (readS + answerS);
  return patience * Math.max(LEAST_SILENCE_MS, PATIENCE * expectedMs);
}

function isSilent(fleet: Fleet, backend: Backend, replica: Replica, nowMs: number): boolean {
  const { inFlight, started, residency, runningSinceMs, slotWatch, loadedMs, stall } = replica;
  // A stream that runs shows that the model has a slot; a load is watched by itself.
  if ((inFlight === 0 && stall === undefined) || started > 0 || residency.state !== 'resident') return false;
  if (backend.circuit.state !== 'closed' || backend.loading !== undefined || backend.implicitLoad !== undefined)
    return false;
  const sinceMs = Math.max(slotWatch.movedMs, loadedMs, Math.min(stall?.sinceMs ?? Infinity, ...runningSinceMs));
  return Number.isFinite(sinceMs) && nowMs - sinceMs >= longestSilenceMs(fleet, backend, replica);
}

function test(fleet: Fleet, replica: Replica, nowMs: number, out: Decision[]): void {
  for (const { id, replica: ofReplica, runnerKey } of fleet.deployments.values()) {
    // Other options would load the model anew.
    if (ofReplica !== replica.id || !isReady(replica.residency, runnerKey)) continue;
    replica.slotWatch.testedMs = nowMs;
    out.push({ kind: 'test', replica: replica.id, deployment: id });
    return;
  }
}

function unload(fleet: Fleet, { url }: Backend, replica: Replica, nowMs: number, out: Decision[]): void {
  const { slotWatch, model } = replica;
  clearSlotWatch(slotWatch);
  slotWatch.patience *= 2;
  slotWatch.unloads += 1;
  slotWatch.unloadedMs = nowMs;
  slotWatch.unloading = { sinceMs: nowMs, sentMs: nowMs };
  replica.stall = undefined;
  // A request that comes before the model has gone would keep it.
  replica.pausedUntilMs = Math.max(replica.pausedUntilMs, nowMs + PAUSE_MS);
  resetResidency(replica.residency, nowMs, true);
  touchMemory(fleet, replica);
  // The server unloads a model when its requests have gone.
  out.push({ kind: 'recall-all', replica: replica.id });
  out.push({ kind: 'unload', backend: url, model, reason: 'lost-slots' });
}

function goOnUnloading(
  fleet: Fleet,
  { url, circuit }: Backend,
  replica: Replica,
  nowMs: number,
  out: Decision[],
): void {
  const { slotWatch, residency, model } = replica;
  const { unloading } = slotWatch;
  if (unloading === undefined) return;
  if (residency.state === 'absent' || nowMs - unloading.sinceMs >= MOST_UNLOADING_MS) {
    slotWatch.unloading = undefined;
    touchMemory(fleet, replica);
    if (circuit.state === 'closed' && Number.isFinite(replica.pausedUntilMs)) replica.pausedUntilMs = nowMs;
  } else if (nowMs - unloading.sentMs >= UNLOAD_PAUSE_MS) {
    unloading.sentMs = nowMs;
    replica.pausedUntilMs = Math.max(replica.pausedUntilMs, nowMs + PAUSE_MS);
    out.push({ kind: 'unload', backend: url, model, reason: 'lost-slots' });
  }
}

function move(slotWatch: SlotWatch, nowMs: number): void {
  slotWatch.movedMs = nowMs;
  slotWatch.abandonedTokens = 0;
}
