import { warmCandidatesOf, type Candidate } from './candidate.ts';
import { busyModels } from './cost.ts';
import type { Decision } from './event.ts';
import type { Fleet, Lease } from './fleet.ts';
import { expectedMs } from './latency.ts';
import type { Policy } from './policy.ts';
import { poolOf } from './pool.ts';
import { decodeShare } from './rates.ts';
import { hasRoom, type Replica } from './replica.ts';
import { inOrder } from './tick-index.ts';
import type { Unbegun } from './unbegun.ts';

/** A first token is overdue after so many times the time that its whole prompt takes there, and not before this time, ms. */
const PATIENCE = 3;
const LEAST_MS = 700;
/** And after so many times the time that first tokens have taken there lately: some models have reasons of their own to begin late. */
const LATENCY_PATIENCE = 2;
/** Tokens at the start of a response of which its client sees nothing, such as the name of a channel. */
const HIDDEN_TOKENS = 4;
/** A tick that comes so long after the last one is late: this process stood still, and has not read yet what servers sent meanwhile, ms. */
const LATE_TICK_MS = 300;
/** The pause of a replica after the first request that was taken back, and the longest one, ms; each is twice the one before. */
const FIRST_PAUSE_MS = 2000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * A request on a replica, as it is watched; `undefined` where nothing tells when its first token is due, since the rates of the
 * replica are not known. `promptTokens`: of its whole prompt, since the server may have dropped what was cached; `unreadBefore`: of the
 * prompts that the replica is to read first.
 */
export function unbegunOf(
  request: Pick<Unbegun, 'request' | 'deployments' | 'sentMs'>,
  { deployment, backend, replica: { rates, inFlight, abandonedPrefills } }: Candidate,
  { promptTokens, unreadBefore }: { readonly promptTokens: number; readonly unreadBefore: number },
): Unbegun | undefined {
  const { prefill, decode } = rates;
  if (prefill === undefined || decode === undefined) return undefined;
  const busy = busyModels(backend);
  const readS = (busy * (unreadBefore + promptTokens)) / prefill;
  let abandonedMs = 0;
  for (const { untilMs } of abandonedPrefills) abandonedMs = Math.max(abandonedMs, untilMs - request.sentMs);
  const dueMs = 1000 * (readS + HIDDEN_TOKENS / decodeShare(decode, inFlight, busy));
  const usualMs = expectedMs(deployment.latency, request.sentMs);
  const patienceMs = abandonedMs + Math.max(LEAST_MS, PATIENCE * dueMs, LATENCY_PATIENCE * usualMs);
  return { ...request, patienceMs };
}

/** A request is sent. */
export function watchUnbegun(fleet: Fleet, { unbegun, replica }: Lease): void {
  if (unbegun === undefined) return;
  replica.unbegun.push(unbegun);
  fleet.ticks.unbegun.add(replica);
  fleet.tickWanted = true;
}

/** A request has begun or has ended; `hasMoved`: that shows that its model answers. */
export function endWatch({ ticks }: Fleet, { unbegun, replica }: Lease, hasMoved: boolean, nowMs: number): void {
  if (hasMoved) endStall(replica, nowMs);
  if (unbegun === undefined) return;
  const at = replica.unbegun.indexOf(unbegun);
  if (at === -1) return;
  replica.unbegun.splice(at, 1);
  if (replica.unbegun.length === 0) ticks.unbegun.delete(replica);
}

/**
 * Takes back requests whose first token is overdue, as many as can begin on other servers at once. A server may stand still, or be full of requests
 * that clients have sent past the gateway, while it answers probes and lists.
 */
export function recallOverdue(fleet: Fleet, policy: Policy, nowMs: number, out: Decision[]): void {
  const { ticks } = fleet;
  const isLate = nowMs - ticks.overdueMs > LATE_TICK_MS;
  ticks.overdueMs = nowMs;
  if (isLate) return;
  let recalled = 0;
  for (const replica of inOrder(ticks.unbegun)) {
    // A replica that has begun another answer since then works.
    const { movedMs } = replica.slotWatch;
    for (const one of replica.unbegun) {
      if (nowMs < Math.max(one.sentMs, movedMs) + one.patienceMs) continue;
      if (recalled >= freeElsewhere(fleet, policy, replica, one, nowMs)) continue;
      recalled += 1;
      out.push({ kind: 'recall', trial: one.request });
      stall(replica, one.sentMs, nowMs);
    }
  }
}

function stall(replica: Replica, sentMs: number, nowMs: number): void {
  const before = replica.stall;
  // Requests that are taken back together make one pause.
  if (before !== undefined && nowMs < replica.pausedUntilMs) return;
  const pauseMs = before === undefined ? FIRST_PAUSE_MS : Math.min(2 * before.pauseMs, LONGEST_PAUSE_MS);
  const untilMs = nowMs + pauseMs;
  replica.stall = { sinceMs: before?.sinceMs ?? sentMs, pauseMs, untilMs };
  replica.pausedUntilMs = Math.max(replica.pausedUntilMs, untilMs);
}

/** The model of a replica answers: its slots count again. */
export function endStall(replica: Replica, nowMs: number): void {
  const { untilMs } = replica.stall ?? {};
  if (untilMs === undefined) return;
  replica.stall = undefined;
  // Its server may have asked for a longer pause.
  if (replica.pausedUntilMs === untilMs) replica.pausedUntilMs = Math.min(nowMs, untilMs);
}

function freeElsewhere(
  fleet: Fleet,
  policy: Policy,
  replica: Replica,
  { deployments }: Unbegun,
  nowMs: number,
): number {
  let free = 0;
  for (const candidate of warmCandidatesOf(fleet, poolOf(fleet, deployments), [], nowMs)) {
    const { deployment, replica: other } = candidate;
    // The whole server may stand still.
    if (other.backend === replica.backend || deployment.cooldownUntilMs > nowMs) continue;
    if (nowMs < other.pausedUntilMs || !hasRoom(other)) continue;
    // Prompts that it reads first hold it up for a moment, and not for as long as a server that stands still.
    if (policy.yields(fleet, candidate, nowMs)) continue;
    free += other.stall === undefined ? other.slots.count - other.inFlight - other.abandonedPrefills.length : 1;
  }
  return free;
}
