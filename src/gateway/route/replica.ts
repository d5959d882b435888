import type { AbandonedPrefill } from './abandoned-prefill.ts';
import type { Flow } from './flow.ts';
import type { Demand } from './demand.ts';
import { isSameModel } from '../../core/model-name.ts';
import { observeListing, unknownResidency, type Listing, type Residency } from './residency.ts';
import { isSingleByFamily } from './single-slot.ts';
import { createSlotWatch, type SlotWatch } from './slot-watch.ts';
import { learnedSlots, mayTry, fixedSlots, type Slots } from './slots.ts';
import { createPromptCache, type PromptCache } from './prompt-cache.ts';
import { unknownRates, type Rates } from './rates.ts';
import type { NeedlessLoads } from './tally.ts';
import { unknownSpeed, type Speed } from './speed.ts';
import type { Stall, Unbegun } from './unbegun.ts';

/** A model on a backend: its slots, its residency and its speed, whichever alias asks for it. */
export interface Replica {
  readonly id: string;
  /** Grows in the order in which the replicas were made. */
  readonly number: number;
  readonly backend: string;
  readonly model: string;
  slots: Slots;
  /** Its family has one slot, whatever is configured, as its server listed it. */
  isSingle: boolean;
  readonly residency: Residency;
  readonly speed: Speed;
  readonly rates: Rates;
  readonly promptCache: PromptCache;
  /** Tokens of prompts that it was sent, has not in its cache, and has not read yet. */
  unreadTokens: number;
  /** The aliases that it serves, as far as they were asked for. */
  readonly demands: Demand[];
  /** Mean tokens of its responses. */
  outTokens: number;
  /** Leases of each caller. */
  readonly inFlightOf: Map<Flow, number>;
  /** When its model was last asked for. */
  usedMs: number;
  /** When its model was loaded last, as far as the gateway knows. */
  loadedMs: number;
  inFlight: number;
  /** When each of its leases got its slot, in no order; empty if the server queues requests. */
  readonly runningSinceMs: number[];
  /** When its last lease ended. */
  idleSinceMs: number;
  /** Leases whose backend has begun to answer. */
  started: number;
  /** Slots in which the server still reads prompts of clients that have left. */
  abandonedPrefills: AbandonedPrefill[];
  /** The abandoned prompt whose slot was freed last; unset when a request gets the slot. */
  expiredPrefill: AbandonedPrefill | undefined;
  load: ModelLoad | undefined;
  /** The last load that took its time. */
  lastLoad: LoadFacts | undefined;
  /** It has had no request since that load. */
  isUnused: boolean;
  /** Its bytes in memory, as the server listed them last. */
  sizeBytes: number | undefined;
  readonly needless: NeedlessLoads;
  /** Failed loads in a row, and until when no load is tried. */
  failedLoads: number;
  failingUntilMs: number;
  /** Loads in a row whose connection failed. */
  brokenLoads: number;
  readonly slotWatch: SlotWatch;
  /** Its requests that may be taken back if they do not begin in time. */
  readonly unbegun: Unbegun[];
  stall: Stall | undefined;
  /** Requests that were taken back since the start, since their first token was overdue. */
  recalls: number;
  /** The current event concerns it. */
  isTouched: boolean;
  /** The replica is not used before then: its server reported that it is full or loading, or is to be probed first. */
  pausedUntilMs: number;
}

/**
 * The cause of a load. `absent`: no server has the model in memory; `queue`: another copy, for a long queue; `ahead`: another copy, while
 * nobody waits; `weight`: its share of the requests; `options`: it is in memory with other or unknown options; `context`: its context
 * has grown.
 */
export type LoadReason = 'absent' | 'queue' | 'ahead' | 'weight' | 'options' | 'context';

/** A model that left the memory for a load, and how long it had been idle; `undefined`: the gateway has not used it. */
export interface Victim {
  readonly model: string;
  readonly idleMs: number | undefined;
}

/** A load that has ended. */
export interface LoadFacts {
  readonly reason: LoadReason;
  readonly victims: readonly Victim[];
  readonly endedMs: number;
  readonly tookMs: number;
}

/** A load of the gateway that is in progress. */
export interface ModelLoad extends LoadWatch {
  readonly reason: LoadReason;
  /** The models that were unloaded for it, as far as is known. */
  victims: readonly Victim[];
  /** The runner that it makes. */
  readonly runnerKey: string;
  /** The key of the queue that it is for. */
  readonly queue: string | undefined;
  /** The model was known to be absent. */
  readonly cold: boolean;
  readonly model: string;
  /** When a list showed that another model had made room. */
  evictedMs: number | undefined;
  /** Replicas that go on serving: the load does not evict them. */
  readonly spared: Set<string>;
  /** The backend was seen with the model and all others in memory: it evicts none. */
  readonly fits: boolean;
}

/** A load that may get stuck. */
export interface LoadWatch {
  readonly sinceMs: number;
  /** The models that the server lists meanwhile, and since when the list is unchanged. */
  lastListed: string | undefined;
  unchangedSinceMs: number;
  /** When a model was last unloaded for it. */
  lastUnloadMs: number | undefined;
  unloads: number;
}

/** The parts of a replica. `managed`: the gateway loads it; `single`: it has one slot, whatever is stated; `stated`: its configured slots. */
export interface ReplicaSpec {
  readonly id: string;
  readonly number: number;
  readonly backend: string;
  readonly model: string;
  readonly managed: boolean;
  readonly single: boolean;
  readonly stated: number | undefined;
}

/** A replica without any knowledge. */
export function createReplica(spec: ReplicaSpec): Replica {
  const { id, number, backend, model } = spec;
  return {
    id,
    number,
    backend,
    model,
    slots: slotsOf(spec),
    isSingle: false,
    residency: unknownResidency(!spec.managed),
    speed: unknownSpeed(),
    rates: unknownRates(),
    promptCache: createPromptCache(),
    unreadTokens: 0,
    demands: [],
    outTokens: 200,
    inFlightOf: new Map(),
    usedMs: 0,
    loadedMs: Number.NEGATIVE_INFINITY,
    inFlight: 0,
    runningSinceMs: [],
    idleSinceMs: 0,
    started: 0,
    abandonedPrefills: [],
    expiredPrefill: undefined,
    load: undefined,
    lastLoad: undefined,
    isUnused: false,
    sizeBytes: undefined,
    needless: { slotFree: 0, unused: 0 },
    failedLoads: 0,
    failingUntilMs: 0,
    brokenLoads: 0,
    slotWatch: createSlotWatch(),
    unbegun: [],
    stall: undefined,
    recalls: 0,
    isTouched: false,
    pausedUntilMs: 0,
  };
}

/** The slots of a model: doubted where its server reports waits inside it, as the backends do whose models the gateway loads. */
export function slotsOf({ managed, single, stated }: Pick<ReplicaSpec, 'managed' | 'single' | 'stated'>): Slots {
  if (!managed) return fixedSlots(stated ?? Number.POSITIVE_INFINITY);
  return single ? fixedSlots(1) : learnedSlots(stated);
}

/** The id of a model on a backend. */
export function replicaId(backend: string, model: string): string {
  return `${backend}#${model}`;
}

/** Whether a slot is free. */
export function hasRoom({ inFlight, started, abandonedPrefills, slots, stall }: Replica): boolean {
  if (stall !== undefined && inFlight > started) return false;
  return inFlight + abandonedPrefills.length < slots.count;
}

/** Whether one request beyond the known slots may be sent. */
export function mayTryOneMore({ inFlight, started, abandonedPrefills, slots }: Replica, nowMs: number): boolean {
  return mayTry(slots, { inFlight, started, abandonedPrefills: abandonedPrefills.length }, nowMs);
}

/** Records that the backend has listed the models in its memory. Returns whether that has changed what is known about this one. */
export function applyListing(replica: Replica, listing: Listing): boolean {
  const { state, runner, context, listedOthers } = replica.residency;
  const { slots } = replica;
  observeListing(replica.residency, replica.model, listing, replica.inFlight > 0);
  const now = replica.residency;
  observeFamily(replica, listing);
  return (
    now.state !== state ||
    now.runner !== runner ||
    now.context !== context ||
    now.listedOthers !== listedOthers ||
    replica.slots !== slots
  );
}

function observeFamily(replica: Replica, listing: Listing): void {
  if (replica.residency.state === 'absent') countIfUnused(replica);
  const { family, sizeBytes } = listing.models.find(({ name }) => isSameModel(name, replica.model)) ?? {};
  if (sizeBytes !== undefined) replica.sizeBytes = sizeBytes;
  if (family === undefined) return;
  replica.isSingle = isSingleByFamily(family);
  if (!replica.isSingle) return;
  if (replica.slots.kind === 'learned' || (replica.slots.kind === 'fixed' && replica.slots.count > 1))
    replica.slots = fixedSlots(1);
}

/** The cause of a load for waiters; `isCopy`: another server has the model in memory for them. */
export function loadReason({ replica }: { readonly replica: Replica }, isCopy: boolean): LoadReason {
  return replica.residency.state === 'resident' ? 'options' : isCopy ? 'queue' : 'absent';
}

/** A model that leaves the memory for a load. */
export function victimOf({ model, usedMs, idleSinceMs, inFlight }: Replica, nowMs: number): Victim {
  return { model, idleMs: usedMs === 0 ? undefined : inFlight > 0 ? 0 : Math.max(0, nowMs - idleSinceMs) };
}

/** A model has left the memory, or is loaded anew: counts its load if it had no request since. */
export function countIfUnused(replica: Replica): void {
  if (replica.isUnused) replica.needless.unused += 1;
  replica.isUnused = false;
}
