import type { FleetPlan } from './fleet.ts';

/** What happens to a fleet; the only way in. Requests are named by an id of the caller's. */
export type RouteEvent =
  /** A request wants one of these places; those in `tried` have failed it already. */
  | { readonly kind: 'arrived'; readonly request: string; readonly places: readonly string[]; readonly tried: readonly string[] }
  /** A dispatched request has ended, whichever way; exactly once for each `assign`. */
  | { readonly kind: 'released'; readonly place: string; readonly how: Ending }
  /** A server was asked whether it lives. */
  | { readonly kind: 'probed'; readonly backend: string; readonly alive: boolean }
  /** Another configuration holds from now on. */
  | { readonly kind: 'replanned'; readonly plan: FleetPlan };

/** How a request left its place: `cancelled` and a fault of the request's own say nothing about the place. */
export type Ending = 'answered' | 'cancelled' | 'refused' | 'deployment-failed' | 'backend-failed';

/** What is to be done about an event; the only way out. */
export type Decision =
  | { readonly kind: 'assign'; readonly request: string; readonly place: string; readonly reason: string }
  /** Nothing can serve it now. */
  | { readonly kind: 'refuse'; readonly request: string; readonly retryAfterMs: number };
