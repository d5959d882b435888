import type { Apart } from './apart.ts';
import type { Flow, Flows } from './flow.ts';
import type { Circuit } from './circuit.ts';
import type { Demand } from './demand.ts';
import type { BackendMemory } from './in-memory.ts';
import type { Latency } from './latency.ts';
import type { LoadTurn } from './load-turn.ts';
import type { Queue, Waiter } from './queue.ts';
import type { Rates } from './rates.ts';
import type { RateWindow, RateLimits } from './rate-window.ts';
import type { Replica, LoadReason, LoadWatch } from './replica.ts';
import type { Unbegun } from './unbegun.ts';
import type { Estimate } from './work.ts';

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
  /** Grows in the order in which the backends were made. */
  readonly number: number;
  /** Its models. */
  readonly replicas: Set<Replica>;
  /** Those with leases. */
  readonly atWork: Replica[];
  inFlight: number;
  /** Leases whose response has begun. */
  started: number;
  /** When its last lease was made. */
  assignedMs: number;
  /** When its last lease ended. */
  idleSinceMs: number;
  /** When it last answered anything. */
  seenMs: number | undefined;
  circuit: Circuit;
  /** The replica that the gateway is loading there: one at a time, as the server does it. */
  loading: string | undefined;
  /** A load that seems to run there inside a client's request. */
  implicitLoad: ImplicitLoad | undefined;
  /** A load that waits until a model is idle that is to be unloaded for it. */
  makingRoom: MakingRoom | undefined;
  /** Models that it can hold, if stated. */
  room: number | undefined;
  /** Number of models in its memory when a load had to evict one of them; `undefined` if that was not seen. */
  fullAt: number | undefined;
  readonly apart: Apart;
  /** The models that it listed last; `undefined` if unknown. */
  listed: readonly string[] | undefined;
  /** Models that it held at the same time, newest last. */
  heldTogether: readonly (readonly string[])[];
  /** Its models in memory and its loads, as its lists and its models show them. */
  readonly memory: BackendMemory;
  /** The most bytes of models that it listed at the same time; 0 if it says none. */
  mostBytes: number;
  turn: LoadTurn | undefined;
  /** Drained by an operator: it gets no new request and no load, and stays in the configuration. */
  drained: boolean;
  /** No longer configured. */
  draining: boolean;
}

/** A load that is decided: while the model that has to go serves the requests that it has, it gets no more. */
export interface MakingRoom {
  readonly replica: Replica;
  readonly deployment: DeploymentState;
  readonly victim: Replica;
  /** The key of the queue that needs it. */
  readonly queue: string | undefined;
  readonly reason: LoadReason;
  readonly sinceMs: number;
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
  /** Slots in use and slots in all, then; abandoned prompts count. */
  readonly slotsTaken: number;
  readonly slotCount: number;
  /** Its place in the order of all assignments, and the number of the last end on its replica before it. */
  readonly order: number;
  readonly endsBefore: number;
  /** Tokens of other prompts that its replica was to read first. */
  readonly unreadBefore: number;
  /** The alias, its caller and its expected work; of that, the tokens to read, and the seconds that its caller was charged. */
  readonly queue: string;
  readonly flow: Flow;
  readonly estimate: Estimate;
  readonly covered: number;
  readonly inSlot: number;
  readonly displaced: number;
  readonly unread: number;
  readonly chargedS: number;
  /** Set if it may be taken back. */
  readonly unbegun: Unbegun | undefined;
  /** Models at work on the backend when it was made. */
  readonly busy: number;
  started: boolean;
  released: boolean;
  /** Expected duration of the abandoned prompt whose slot it got, ms. */
  readonly abandonedPrefillMs: number | undefined;
}

/** A deployment that could serve a request, with its backend and replica. */
export interface Candidate {
  readonly deployment: DeploymentState;
  readonly backend: Backend;
  readonly replica: Replica;
}

/** The deployments of an alias, looked up once after each change of the configuration. */
export interface Pool {
  readonly ids: readonly string[];
  /** The queues whose requests may use them. */
  readonly queues: Queue[];
  /** The candidates with their model in memory, in the same order; `undefined`: to be looked for. */
  warm: readonly Candidate[] | undefined;
  /** Whether a candidate has its model in memory and is none of those: with other options, or in a load. Known while `warm` is. */
  hasUnready: boolean;
  /** The keys of queues with these deployments, by alias: a text of all ids is made once, and not for each request. */
  readonly queueKeys: Map<string, string>;
  /** In the order of `ids`, without those that are not in the fleet. */
  readonly candidates: readonly Candidate[];
  readonly onBackend: ReadonlyMap<Backend, readonly Candidate[]>;
  /** Whether one of them has a rate limit, and whether they differ in `order`. */
  readonly isLimited: boolean;
  readonly hasOrder: boolean;
}

/** The parts of a fleet that a tick looks at: the others are as they were, however much time has passed. */
export interface TickIndex {
  /** Replicas with abandoned prompts or a slot trial. */
  readonly timed: Set<Replica>;
  /** Replicas at work that their backend does not list: a load may run inside a request. */
  readonly unlisted: Set<Replica>;
  /** Replicas with requests that may be taken back. */
  readonly unbegun: Set<Replica>;
  /** When they were looked at last. */
  overdueMs: number;
  /** Backends with a load of the gateway. */
  readonly loading: Set<Backend>;
  /** Backends with a load inside a request. */
  readonly implicit: Set<Backend>;
}

/** The parts of a fleet that the current event has changed: decisions about all others are as they were. */
export interface Attention {
  /** Time has passed, or the configuration has changed: every queue is looked at. */
  all: boolean;
  /** The queues whose waiters have changed, and the replicas with other slots or another use of them. */
  readonly queues: Queue[];
  readonly replicas: Replica[];
  /** The memory of a backend has changed, or one is up again: loads are decided for all queues. */
  loads: boolean;
  /** The queue that has got a waiter. */
  joined: Queue | undefined;
}

/** The whole state of routing. Plain data: only `router.ts` and the functions that it calls change it. */
export interface Fleet {
  readonly deployments: Map<string, DeploymentState>;
  readonly backends: Map<string, Backend>;
  readonly replicas: Map<string, Replica>;
  /** Deployments that requests asked for together, by the first of them; forgotten when `deployments` changes. */
  readonly pools: Map<string, readonly Pool[]>;
  /** The pools that have a replica. */
  readonly poolsOf: Map<Replica, Pool[]>;
  /**
   * Queues with waiters, by name and deployments, in the order of their turns: a queue goes to the end when one of its waiters gets
   * a slot.
   */
  readonly queues: Map<string, Queue>;
  /** Each waiter and its queue, by request. */
  readonly waiting: Map<string, { readonly queue: Queue; readonly waiter: Waiter }>;
  /** By alias. */
  readonly demands: Map<string, Demand>;
  readonly flows: Flows;
  /** Rates of each model on any backend, for backends that have none of their own. */
  readonly models: Map<string, Rates>;
  picks: number;
  /** Backends and replicas that were made. */
  made: number;
  /** Deployments whose load is decided and not sent yet, by replica: requests are on the way to a model that it may evict. */
  readonly heldLoads: Map<string, DeploymentState>;
  /** Aliases have one runner in common, with other options or under other names of the same weights: a load for one ends that of another. */
  sharesRunners: boolean;
  /** Backends on which a load waits for room. */
  readonly makingRoom: Set<Backend>;
  /** Whether parts are draining, and whether one of them may have come to its end since draining parts were looked for. */
  isDraining: boolean;
  mayRemoveDrained: boolean;
  /** Whether a deployment has limits that requests may use up. */
  isLimited: boolean;
  readonly ticks: TickIndex;
  readonly attention: Attention;
  /** The queue that waits for each backend, as loads were decided last. */
  readonly claims: Map<Backend, Queue>;
  /** The round of looks for loads: the place of the queue that was looked at last, and of the last one that was there at its start. */
  readonly round: { doneTurn: number; endTurn: number };
  /** Number of the last place in the order of queues. */
  turns: number;
  /** Whether time alone may change something, so that ticks are wanted. */
  tickWanted: boolean;
  /** Another instance of the gateway decides. */
  isDelegated: boolean;
}
