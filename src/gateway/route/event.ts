import type { Lease } from './fleet.ts';
import type { ForeignFacts, Holding } from './holding.ts';
import type { FleetSpec } from './fleet-spec.ts';
import type { LoadFacts } from './replica.ts';
import type { Listing } from './residency.ts';
import type { Work } from './work.ts';

/** An event of the fleet: the only input of `route()`. Requests have ids of the caller. */
export type RouteEvent =
  /** A request asks for a slot. */
  | (SlotRequest & { readonly kind: 'arrived'; readonly request: string })
  /** The client of a waiter has left. */
  | { readonly kind: 'left'; readonly request: string }
  /** The backend of a lease has begun to answer. */
  | { readonly kind: 'started'; readonly lease: Lease }
  /** A lease has ended; exactly once for each `assign`. */
  | {
      readonly kind: 'released';
      readonly lease: Lease;
      readonly result: AttemptResult;
      readonly observation?: Observation;
    }
  /** A probe has ended. */
  | { readonly kind: 'probed'; readonly backend: string; readonly alive: boolean }
  /** A backend has listed the models in its memory. */
  | { readonly kind: 'listed'; readonly backend: string; readonly listing: Listing }
  /** A `load` has ended. */
  | { readonly kind: 'loaded'; readonly replica: string; readonly result: AttemptResult }
  /** A `test` has come back, with whatever answer. */
  | { readonly kind: 'tested'; readonly replica: string }
  /** Another configuration holds from now on. */
  | { readonly kind: 'reconfigured'; readonly spec: FleetSpec }
  /**
   * Deployments of one model on one backend have another context: their new runner keys, by id. `load`: the model is loaded at once if
   * it is in memory, since nothing runs there.
   */
  | { readonly kind: 'resized'; readonly runnerKeys: ReadonlyMap<string, string>; readonly load: boolean }
  /**
   * Another instance of the gateway decides from now on (`isOn`), or this one again. Meanwhile events are recorded, requests wait, and
   * nothing is decided.
   */
  | { readonly kind: 'delegated'; readonly isOn: boolean }
  /** Another instance has given a slot to a request: to a waiter of this one, or to one that it has itself. Its end is a `released` event. */
  | ({ readonly kind: 'adopted' } & Holding)
  /** Another instance tells what it knows. */
  | { readonly kind: 'told'; readonly facts: ForeignFacts }
  /** Time has passed; wanted ten times a second while `tickWanted` of the fleet is set. */
  | { readonly kind: 'ticked' };

/** A request for a slot on one of several deployments. */
export interface SlotRequest {
  /** The queue in which it waits: the alias. All requests of a queue want the same deployments. */
  readonly queue: string;
  readonly deployments: readonly string[];
  readonly tried: readonly string[];
  /** It had a lease before, and its attempt failed by no fault of its own. */
  readonly isRetry: boolean;
  /** When it came to the gateway. */
  readonly sinceMs: number;
  /** How long it may wait for a slot, loads not counted, and when it is too late for any response. */
  readonly maxWaitMs: number;
  readonly untilMs: number;
  /** Wait for loads in earlier attempts, ms. */
  readonly loadedMs: number;
  /** Its work, if it was looked at. */
  readonly work?: Work;
  /** It waited in the queue of another instance, which has admitted it. */
  readonly isAdmitted?: true;
}

/** How an attempt ended. `cancelled`, `refused` and `recalled` do not count against the backend; `connection-failed` is a reason to probe it. */
export type AttemptResult =
  | 'answered'
  | 'cancelled'
  | 'refused'
  | 'recalled'
  | 'busy'
  | 'deployment-failed'
  | 'connection-failed'
  | 'backend-failed';

/** Measurements of an attempt. */
export interface Observation {
  /** The part of the prompt that is new to the server, as far as the gateway knows; images are left out. */
  readonly promptBytes: number;
  /** The gateway cancelled it before the backend had begun to answer. */
  readonly abandoned?: boolean;
  /** As the server reports: time to read the prompt, and wait for a slot inside the server. */
  readonly prefillMs?: number | undefined;
  readonly insideMs?: number | undefined;
  /** Tokens of prompt and response together. */
  readonly tokens?: number | undefined;
  /** Each of them, as the server counts them, and the time for the response. */
  readonly promptTokens?: number | undefined;
  readonly outTokens?: number | undefined;
  readonly decodeMs?: number | undefined;
  /** From the start of the attempt to the first content. */
  readonly firstMs?: number | undefined;
}

/** A decision: the only output of `route()`. */
export type Decision =
  | Assignment
  | Rejection
  | Recall
  /** Load the model of a deployment, by a request of the gateway's own; its end is a `loaded` event. */
  | { readonly kind: 'load'; readonly replica: string; readonly deployment: string }
  | Unload
  /** Ask the model of a deployment for one token, with the options of its runner; an answer is a `tested` event. */
  | { readonly kind: 'test'; readonly replica: string; readonly deployment: string }
  /** Recall each request of a replica that has not begun to be answered. */
  | { readonly kind: 'recall-all'; readonly replica: string };

/**
 * A model is unloaded by name. `lost-slots`: it answers none of its requests; `stuck-load`: the load of another one does not end while it is
 * in memory; `room`: it makes room for a load.
 */
export interface Unload {
  readonly kind: 'unload';
  readonly backend: string;
  readonly model: string;
  readonly reason: 'lost-slots' | 'stuck-load' | 'room';
  /** The model that is to be loaded. */
  readonly loads?: string;
}

/** A request gets a slot. */
export interface Assignment {
  readonly kind: 'assign';
  readonly request: string;
  readonly lease: Lease;
  readonly reason: string;
  /** The part of its wait that was for a load. */
  readonly loadMs: number;
  /** Its wait in the queue, without loads and earlier attempts. */
  readonly waitedMs: number;
  /** The load that it waited for, if its model was loaded there meanwhile. */
  readonly load: LoadFacts | undefined;
  /** Deployments with the model in memory and a free slot, of which one was chosen. */
  readonly free: number;
}

/**
 * A request waits inside its server for too long, beyond the known slots, since the server has lost them, or since it has stalled: cancel it there,
 * release its lease, and ask for a slot again.
 */
export interface Recall {
  readonly kind: 'recall';
  /** The request. */
  readonly trial: string;
}

/**
 * A request is not served: no backend is up, every backend has reached its rate limit, the queue is full, or the wait is or would
 * be too long.
 */
export interface Rejection {
  readonly kind: 'reject';
  readonly request: string;
  readonly reason: 'no-backend' | 'rate-limited' | 'queue-full' | 'queue-timeout';
  readonly retryAfterMs: number;
  readonly loadMs: number;
  /** Its wait in the queue, without loads and earlier attempts, and the other requests in the queue. */
  readonly waitedMs: number;
  readonly ahead: number;
}
