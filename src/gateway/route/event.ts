import type { FleetSpec, Lease } from './fleet.ts';
import type { Listing } from './residency.ts';

/** What happens to a fleet; the only way in. Requests are named by an id of the caller's. */
export type RouteEvent =
  /** A request asks for a slot. */
  | (SlotRequest & { readonly kind: 'arrived'; readonly request: string })
  /** A client that waited for a place has left. */
  | { readonly kind: 'left'; readonly request: string }
  /** A dispatched request has begun to be answered. */
  | { readonly kind: 'started'; readonly lease: Lease }
  /** A dispatched request has ended, whichever way; exactly once for each `assign`. */
  | {
      readonly kind: 'released';
      readonly lease: Lease;
      readonly result: AttemptResult;
      readonly observation?: Observation;
    }
  /** A server was asked whether it lives. */
  | { readonly kind: 'probed'; readonly backend: string; readonly alive: boolean }
  /** A server has said what is in its memory. */
  | { readonly kind: 'listed'; readonly backend: string; readonly listing: Listing }
  /** What a `load` has led to. */
  | { readonly kind: 'loaded'; readonly replica: string; readonly result: AttemptResult }
  /** Another configuration holds from now on. */
  | { readonly kind: 'reconfigured'; readonly spec: FleetSpec }
  /** Time has passed; wanted some ten times a second while {@link isRestless}. */
  | { readonly kind: 'ticked' };

/** A request for a slot on one of several deployments. */
export interface SlotRequest {
  /** Where it waits when it has to: the alias. All requests of a line want the same places. */
  readonly queue: string;
  readonly deployments: readonly string[];
  readonly tried: readonly string[];
  /** It had a place before, and lost it through no fault of its own. */
  readonly isRetry: boolean;
  /** When it came to the gateway. */
  readonly sinceMs: number;
  /** How long it may wait for a place, loads not counted, and when it is too late for any answer. */
  readonly maxWaitMs: number;
  readonly untilMs: number;
  /** What it has waited for loads before, on other tries. */
  readonly loadedMs: number;
}

/** How a request left its place: `cancelled` and a fault of the request's own say nothing about the place. */
export type AttemptResult = 'answered' | 'cancelled' | 'refused' | 'busy' | 'deployment-failed' | 'backend-failed';

/** What was seen of a request in its place. */
export interface Observation {
  readonly promptBytes: number;
  /** We broke it off before the server had begun to answer. */
  readonly abandoned?: boolean;
  /** As the server says: reading the prompt, and waiting inside for a slot. */
  readonly prefillMs?: number | undefined;
  readonly insideMs?: number | undefined;
  /** In and out together. */
  readonly tokens?: number | undefined;
  /** From being sent to the first word. */
  readonly firstMs?: number | undefined;
}

/** What is to be done about an event; the only way out. */
export type Decision =
  | Assignment
  | Rejection
  /** Load what a place wants, by a request of our own; `loaded` is told how it ended. */
  | { readonly kind: 'load'; readonly replica: string; readonly deployment: string }
  /** Take a model out of a server's memory. */
  | { readonly kind: 'unload'; readonly backend: string; readonly model: string };

/** A request may go to a place. */
export interface Assignment {
  readonly kind: 'assign';
  readonly request: string;
  readonly lease: Lease;
  readonly reason: string;
  /** How much of its wait was for a load. */
  readonly loadMs: number;
}

/** A request is not served: nobody is there, all who are have had what they may have for this minute, too many wait already, or it would wait or has waited too long. */
export interface Rejection {
  readonly kind: 'reject';
  readonly request: string;
  readonly reason: 'no-backend' | 'rate-limited' | 'queue-full' | 'queue-timeout';
  readonly retryAfterMs: number;
  readonly loadMs: number;
}
