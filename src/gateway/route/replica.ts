import { isSame, observeListing, unknownResidency, type Listing, type Residency } from './residency.ts';
import { isSingleByFamily } from './single-slot.ts';
import { learnedSlots, mayTry, statedSlots, type Slots } from './slots.ts';
import { unknownSpeed, type Speed } from './speed.ts';

/** A model on a server: what its slots, its memory and its speed are, whichever alias asks for it. */
export interface Replica {
  readonly id: string;
  readonly backend: string;
  readonly model: string;
  slots: Slots;
  readonly residency: Residency;
  readonly speed: Speed;
  inFlight: number;
  /** How many of those have begun to be answered. */
  started: number;
  /** Slots in which the server goes on with what nobody wants any more. */
  abandonedPrefills: AbandonedPrefill[];
  /** Expected length of the last of those that is over, until somebody has got its slot. */
  restMs: number | undefined;
  load: ModelLoad | undefined;
  /** Loads that failed in a row, and until when it is left alone for that. */
  failedLoads: number;
  failingUntilMs: number;
  /** Full or loading by its own account: not before then. */
  pausedUntilMs: number;
}

/** A slot that is taken by a prompt which nobody wants any more. */
export interface AbandonedPrefill {
  readonly untilMs: number;
  readonly expectedMs: number;
}

/** A load of ours that is underway. */
export interface ModelLoad extends LoadWatch {
  /** The runner that it makes. */
  readonly runnerKey: string;
  /** The model was known not to be in memory. */
  readonly cold: boolean;
}

/** A load as something that may not end. */
export interface LoadWatch {
  readonly sinceMs: number;
  /** What the server lists meanwhile, and since when it is that. */
  besides: string | undefined;
  sameSinceMs: number;
  /** When something was last done about its taking too long. */
  lastUnloadMs: number | undefined;
  unloads: number;
}

/** What a replica is made of. `stated`: its slots, `Infinity` where the server is to queue; `managed`: we load it. */
export interface ReplicaSpec {
  readonly id: string;
  readonly backend: string;
  readonly model: string;
  readonly managed: boolean;
  readonly stated: number | undefined;
}

/** A replica about which nothing is known. */
export function createReplica({ id, backend, model, managed, stated }: ReplicaSpec): Replica {
  return {
    id,
    backend,
    model,
    slots: stated === undefined ? learnedSlots() : statedSlots(stated),
    residency: unknownResidency(!managed),
    speed: unknownSpeed(),
    inFlight: 0,
    started: 0,
    abandonedPrefills: [],
    restMs: undefined,
    load: undefined,
    failedLoads: 0,
    failingUntilMs: 0,
    pausedUntilMs: 0,
  };
}

/** The one name of a model on a server. */
export function replicaId(backend: string, model: string): string {
  return `${backend}#${model}`;
}

/** Whether a slot is free. */
export function hasRoom({ inFlight, abandonedPrefills, slots }: Replica): boolean {
  return inFlight + abandonedPrefills.length < slots.count;
}

/** Whether one more than the count may be sent. */
export function mayTryOneMore({ inFlight, started, abandonedPrefills, slots }: Replica, nowMs: number): boolean {
  return mayTry(slots, { inFlight, started, abandonedPrefills: abandonedPrefills.length }, nowMs);
}

/** A server has listed what is in its memory. */
export function applyListing(replica: Replica, listing: Listing): void {
  observeListing(replica.residency, replica.model, listing, replica.started > 0);
  const family = listing.models.find(({ name }) => isSame(name, replica.model))?.family;
  if (family === undefined || !isSingleByFamily(family)) return;
  if (replica.slots.kind === 'learned' || (replica.slots.kind === 'stated' && replica.slots.count > 1))
    replica.slots = statedSlots(1);
}

/** Lets go of the slots whose time has come. */
export function expireAbandonedPrefills(replica: Replica, nowMs: number): void {
  if (replica.abandonedPrefills.length === 0) return;
  for (const { untilMs, expectedMs } of replica.abandonedPrefills) if (untilMs <= nowMs) replica.restMs = expectedMs;
  replica.abandonedPrefills = replica.abandonedPrefills.filter(({ untilMs }) => untilMs > nowMs);
}
