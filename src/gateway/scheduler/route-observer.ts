import type { Decision, RouteEvent } from '../route/event.ts';

/** Sees every event of routing, after its decisions were made and before they are carried out. */
export interface RouteObserver {
  routed(event: RouteEvent, decisions: readonly Decision[], nowMs: number): void;
}
