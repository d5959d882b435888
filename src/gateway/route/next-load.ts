import { expectedWaitMs } from './admission.ts';
import { candidatesOf, isWarm, type Candidate } from './candidate.ts';
import { yieldToLoads } from './yield-to-load.ts';
import type { Backend, Fleet } from './fleet.ts';
import { firstWaiters, queueLength, waitedMs, type Queue, type Waiter } from './queue.ts';
import type { Policy } from './policy.ts';
import { hasRoom, loadReason } from './replica.ts';
import { endsRunner, hasRoomFor, isLeaving, isTaken } from './room.ts';
import { keepsTurn } from './turn.ts';
import { isSameModel } from '../../core/model-name.ts';

const UNKNOWN_LOAD_MS = 10_000;

/** A waiter, at a time. */
interface Need {
  readonly queue: Queue;
  readonly waiter: Waiter;
  readonly nowMs: number;
}

/**
 * Deployments of which one may be loaded for a waiter; `isCopy`: another backend has the model in memory for it, or still serves a
 * request of its alias.
 */
interface Loads {
  readonly queue: Queue;
  readonly waiter: Waiter;
  readonly candidates: readonly Candidate[];
  readonly isCopy: boolean;
}

/**
 * The next load: a deployment of the first waiter that needs one, chosen by the strategy. No load while a free slot could serve the
 * waiter, while the model that was loaded last keeps its turn, and no more loads for a queue than it has waiters. Another copy of a
 * model comes after the first ones.
 */
export function loadForWaiters({ strategy, random }: Pick<Policy, 'strategy' | 'random'>): Policy['nextLoad'] {
  return (fleet, { queues, claims: taken }, nowMs) => {
    const loads = firstLoads(fleet, queues, nowMs, taken);
    if (loads === undefined) return undefined;
    const [first, ...rest] = loads.candidates.filter(({ backend }) => !taken.has(backend));
    if (first === undefined) return undefined;
    const choice = strategy.choose([first, ...rest], { fleet, estimate: loads.waiter.estimate, random, nowMs });
    return {
      ...choice,
      queue: loads.queue.key,
      reason: loadReason(choice, loads.isCopy),
      mayEvict: !evictsNothing(choice),
    };
  };
}

// The queue comes first that has waited longest for a slot of any of its waiters. Where it has to wait for the turn of another model,
// so has every queue behind it: its backend is added to `taken`.
function firstLoads(
  fleet: Fleet,
  queues: readonly Queue[],
  nowMs: number,
  taken: Map<Backend, Queue>,
): Loads | undefined {
  let copies: Loads | undefined;
  for (const queue of queues) {
    for (const waiter of firstWaiters(queue)) {
      const loads = loadsFor(fleet, { queue, waiter, nowMs }, taken);
      if (loads.candidates.length === 0) continue;
      if (!loads.isCopy) return loads;
      copies ??= loads;
    }
  }
  return copies;
}

/**
 * The load that a weight wants: where deployments differ in weight, one that has a weight, on an idle backend on which the load evicts
 * nothing. Without it one client after the other would find the model on the same backend.
 */
export function loadForShare(candidates: readonly Candidate[], nowMs: number): Candidate | undefined {
  const [first] = candidates;
  if (first === undefined || candidates.every(({ deployment }) => deployment.weight === first.deployment.weight))
    return undefined;
  return candidates.find(
    (candidate) =>
      candidate.deployment.weight > 0 &&
      !isWarm(candidate) &&
      candidate.replica.load === undefined &&
      nowMs >= candidate.replica.pausedUntilMs &&
      !isTaken(candidate.backend) &&
      isIdle(candidate) &&
      evictsNothing(candidate),
  );
}

function loadsFor(fleet: Fleet, need: Need, taken: Map<Backend, Queue>): Loads {
  const { queue, waiter, nowMs } = need;
  const candidates = candidatesOf(fleet, waiter.deployments, waiter.tried, nowMs);
  const warm = candidates.filter(
    (candidate) => isWarm(candidate) && !isLeaving(fleet, candidate.backend, candidate.replica, nowMs),
  );
  return {
    queue,
    waiter,
    candidates: candidatesToLoad(fleet, need, { candidates, warm }, taken),
    isCopy: warm.length > 0 || hasSlot(candidates),
  };
}

/** Whether a request of the alias has a slot, also of a model that is about to go: the alias can wait for its next load. */
export function hasSlot(candidates: readonly Candidate[]): boolean {
  return candidates.some(({ deployment }) => deployment.inFlight > 0);
}

// `warm`: the candidates that stay in memory.
function candidatesToLoad(
  fleet: Fleet,
  { queue, waiter, nowMs }: Need,
  { candidates, warm }: { readonly candidates: readonly Candidate[]; readonly warm: readonly Candidate[] },
  taken: Map<Backend, Queue>,
): readonly Candidate[] {
  if (warm.some((candidate) => hasRoom(candidate.replica) && !yieldToLoads(fleet, candidate, nowMs))) return [];
  const open = candidates.filter((candidate) => {
    const { backend, replica } = candidate;
    if (isWarm(candidate) || replica.load !== undefined || nowMs < replica.pausedUntilMs) return false;
    if (isTaken(backend) || taken.has(backend)) return false;
    if (evictsNothing(candidate) || !keepsTurn(fleet, backend, queue, nowMs)) return true;
    taken.set(backend, queue);
    return false;
  });
  // The model is in memory: a load costs next to nothing, and fixes the options.
  const resident = open.filter(
    ({ replica: { residency } }) => residency.state === 'resident' && residency.runner === undefined,
  );
  if (resident.length > 0) return resident;
  const loads = candidates.filter(({ deployment, replica }) => replica.load?.runnerKey === deployment.runnerKey).length;
  if (warm.length > 0) {
    if (loads >= queueLength(queue)) return [];
    const idle = open.filter(isIdle);
    // Another copy costs nothing on a backend with empty memory; elsewhere it pays if the queue is longer than a load.
    const empty = idle.filter(
      (candidate) =>
        candidate.backend.listed?.every((name) => isSameModel(name, candidate.replica.model)) === true &&
        !endsRunner(candidate.replica, candidate.deployment.runnerKey),
    );
    return empty.length > 0 ? empty : isWorthAnother({ queue, waiter, nowMs }, warm) ? idle : [];
  }
  if (loads > 0) return [];
  const unknown = open.filter(({ replica: { residency } }) => residency.state === 'unknown');
  return unknown.length > 0 ? unknown : open;
}

function isWorthAnother({ queue, waiter, nowMs }: Need, warm: readonly Candidate[]): boolean {
  const loadMs = Math.min(...warm.map(({ replica }) => replica.speed.loadMs ?? UNKNOWN_LOAD_MS));
  return (
    Math.max(expectedWaitMs(queueLength(queue) - 1, warm, nowMs) ?? 0, waitedMs(queue, waiter, nowMs)) > 1.5 * loadMs
  );
}

function evictsNothing(candidate: Candidate): boolean {
  return (
    hasRoomFor(candidate.backend, candidate.replica) && !endsRunner(candidate.replica, candidate.deployment.runnerKey)
  );
}

function isIdle({ backend }: Candidate): boolean {
  if (backend.inFlight > 0) return false;
  for (const { abandonedPrefills } of backend.replicas) if (abandonedPrefills.length > 0) return false;
  return true;
}
