import { CLOSED, type Circuit } from './circuit.ts';
import type { Latency } from './latency.ts';
import type { Queue } from './queue.ts';
import { EMPTY_WINDOW, type RateWindow, type RateLimits } from './rate-window.ts';
import { createReplica, replicaId, type Replica, type LoadWatch } from './replica.ts';
import { unknownResidency } from './residency.ts';
import { learnedSlots, configuredSlots } from './slots.ts';

/** A deployment, as routing sees it: its counters and its state. */
export interface DeploymentState {
  readonly id: string;
  readonly backend: string;
  readonly weight: number;
  /** The model on its backend; several aliases may share it. */
  readonly replica: string;
  /** The options of the runner that it needs there; see `runnerKey`. */
  runnerKey: string;
  /** Of the usable deployments, only those with the lowest `order` are used. */
  readonly order: number;
  readonly limits: RateLimits;
  /** `undefined`: the policy's. */
  readonly cooldownMs: number | undefined;
  rateWindow: RateWindow;
  latency: Latency | undefined;
  /** Number of leases that are not released; exact. */
  inFlight: number;
  /** Failures in a row. */
  failures: number;
  /** The deployment is not used until then while others can be. */
  cooldownUntilMs: number;
  /** Number of the pick that chose it last; ties go to the lowest. */
  lastPicked: number;
  /** No longer configured: it stays until its leases have ended. */
  draining: boolean;
}

/** A backend, as routing sees it. */
export interface Backend {
  readonly url: string;
  inFlight: number;
  /** Leases whose response has begun. */
  started: number;
  /** When its last lease was made. */
  assignedMs: number;
  /** When its last lease ended. */
  idleSinceMs: number;
  circuit: Circuit;
  /** The replica that the gateway is loading there: one at a time, as the server does it. */
  loading: string | undefined;
  /** A load that seems to run there inside a client's request. */
  implicitLoad: ImplicitLoad | undefined;
  /** The models that it listed last; `undefined` if unknown. */
  listed: readonly string[] | undefined;
  /** Models that it held at the same time, newest last. */
  heldTogether: readonly (readonly string[])[];
  turn: LoadTurn | undefined;
  draining: boolean;
}

/** The turn of the model that the gateway loaded last: it serves its queue before the backend loads another model. */
export interface LoadTurn {
  readonly replica: Replica;
  /** Its waiters keep the turn until then if they are older than the request that needs another model. */
  readonly untilMs: number;
  /** One of its requests was answered, or is being answered. */
  served: boolean;
  /** The key of the queue that it was loaded for, until that queue gets a slot. */
  queue: string | undefined;
}

/** Requests wait inside a backend that does not list their model: evicted between two polls, or listed under another name. */
export interface ImplicitLoad extends LoadWatch {
  readonly replica: Replica;
}

/** A slot that a request has. Its holder releases it. Leases are in no table, which every request would have to enter and leave. */
export interface Lease {
  readonly request: string;
  readonly deployment: DeploymentState;
  readonly backend: Backend;
  readonly replica: Replica;
  readonly sinceMs: number;
  readonly assignedMs: number;
  /** Number of leases of the replica when this one was made, itself included. */
  readonly position: number;
  started: boolean;
  released: boolean;
  /** Expected duration of the abandoned prompt whose slot it got, ms. */
  readonly abandonedPrefillMs: number | undefined;
}

/** The whole state of routing. Plain data: only `router.ts` and the functions that it calls change it. */
export interface Fleet {
  readonly deployments: Map<string, DeploymentState>;
  readonly backends: Map<string, Backend>;
  readonly replicas: Map<string, Replica>;
  /**
   * Queues with waiters, by name and deployments, in the order of their turns: a queue goes to the end when one of its waiters gets
   * a slot.
   */
  readonly queues: Map<string, Queue>;
  /** The queue of each waiter, by request. */
  readonly waiting: Map<string, Queue>;
  picks: number;
  /** Deployments whose load is decided and not sent yet, by replica: requests are on the way to a model that it may evict. */
  readonly heldLoads: Map<string, DeploymentState>;
  /** Whether time alone may change something, apart from waiters. */
  tickWanted: boolean;
}

/** A backend of a configuration. */
export interface BackendSpec {
  readonly url: string;
  /** Whether the gateway loads its models, so that slots can be counted. */
  readonly managed: boolean;
  /** Slots of each model there, if configured. */
  readonly slots: number | undefined;
}

/** A deployment of a configuration. */
export interface DeploymentSpec {
  readonly id: string;
  readonly backend: string;
  readonly weight: number;
  readonly model: string;
  readonly runnerKey: string;
  /** One request at a time, whatever is configured for the backend. */
  readonly single: boolean;
  /** A deployment without `order` comes after those that have one. */
  readonly order?: number | undefined;
  /** Requests and tokens for each minute. */
  readonly rpm?: number | undefined;
  readonly tpm?: number | undefined;
  /** Without it the policy's counts. */
  readonly cooldownMs?: number | undefined;
}

/** The parts of a fleet. */
export interface FleetSpec {
  readonly backends: readonly BackendSpec[];
  readonly deployments: readonly DeploymentSpec[];
}

/** A fleet without any knowledge: every backend counts as up. */
export function createFleet(spec: FleetSpec): Fleet {
  const fleet: Fleet = {
    deployments: new Map(),
    backends: new Map(),
    replicas: new Map(),
    queues: new Map(),
    waiting: new Map(),
    heldLoads: new Map(),
    picks: 0,
    tickWanted: false,
  };
  reconfigure(fleet, spec);
  return fleet;
}

/**
 * Changes a fleet to another spec. Knowledge about parts that stay is kept; parts that go are marked as draining, and removed when
 * their last lease has ended (`draining.ts`).
 */
export function reconfigure(fleet: Fleet, spec: FleetSpec): void {
  for (const known of [...fleet.backends.values(), ...fleet.deployments.values()]) known.draining = true;
  for (const backend of spec.backends) applyBackendSpec(fleet, backend);
  const byUrl = new Map(spec.backends.map((backend) => [backend.url, backend]));
  for (const deployment of spec.deployments) applyDeploymentSpec(fleet, deployment, byUrl.get(deployment.backend));
}

// Objects are changed in place: leases refer to them.
function applyBackendSpec({ backends }: Fleet, { url }: BackendSpec): void {
  const known = backends.get(url);
  if (known === undefined)
    backends.set(url, {
      url,
      inFlight: 0,
      started: 0,
      assignedMs: Number.NEGATIVE_INFINITY,
      idleSinceMs: 0,
      circuit: CLOSED,
      loading: undefined,
      implicitLoad: undefined,
      listed: undefined,
      heldTogether: [],
      turn: undefined,
      draining: false,
    });
  else known.draining = false;
}

function applyDeploymentSpec(
  { deployments, replicas }: Fleet,
  spec: DeploymentSpec,
  backend: BackendSpec | undefined,
): void {
  const id = replicaId(spec.backend, spec.model);
  const slotCount =
    spec.single && backend?.managed !== false
      ? 1
      : backend?.managed === false
        ? (backend.slots ?? Number.POSITIVE_INFINITY)
        : backend?.slots;
  const replica = replicas.get(id);
  if (replica === undefined)
    replicas.set(
      id,
      createReplica({
        id,
        backend: spec.backend,
        model: spec.model,
        managed: backend?.managed !== false,
        slotCount,
      }),
    );
  else updateReplica(replica, backend?.managed !== false, slotCount);
  const known = deployments.get(spec.id);
  const { weight, runnerKey, order = Infinity, rpm, tpm, cooldownMs } = spec;
  const limits = { requests: rpm, tokens: tpm };
  const fresh: DeploymentState = {
    id: spec.id,
    backend: spec.backend,
    replica: id,
    weight,
    runnerKey,
    order,
    limits,
    cooldownMs,
    rateWindow: EMPTY_WINDOW,
    latency: undefined,
    inFlight: 0,
    failures: 0,
    cooldownUntilMs: 0,
    lastPicked: 0,
    draining: false,
  };
  if (known === undefined) deployments.set(spec.id, fresh);
  else Object.assign(known, { weight, runnerKey, order, limits, cooldownMs, draining: false });
}

// Learned slots are kept if no number is configured before and after. A backend may also have become managed, or unmanaged.
function updateReplica(replica: Replica, managed: boolean, stated: number | undefined): void {
  const { slots, residency, isSingle } = replica;
  const slotCount = managed && isSingle ? 1 : stated;
  const same =
    slotCount === undefined ? slots.kind === 'learned' : slots.kind !== 'learned' && slots.count === slotCount;
  if (!same) Object.assign(slots, slotCount === undefined ? learnedSlots() : configuredSlots(slotCount));
  if ((residency.state === 'always') === managed) Object.assign(residency, unknownResidency(!managed));
}
