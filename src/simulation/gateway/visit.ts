import type { AttemptResult } from '../../gateway/route/event.ts';
import type { Observation } from '../../gateway/route/event.ts';
import type { Lease } from '../../gateway/route/fleet.ts';
import { observationOf } from '../adapter.ts';
import type { SimRequest } from '../request.ts';
import type { Job } from '../server/job.ts';
import type { SimServer } from '../server/server.ts';

/** Gets the events of a request; `onEnd` once, last. */
export interface ClientListener {
  onFirst(): void;
  onEnd(outcome: 'served' | 'refused' | 'failed'): void;
}

/** An attempt on a server. */
export interface Attempt {
  readonly lease: Lease;
  readonly job: Job;
  readonly server: SimServer;
}

/** A request in the gateway. */
export interface Visit {
  readonly request: SimRequest;
  readonly listener: ClientListener;
  readonly sinceMs: number;
  readonly tried: string[];
  attempts: number;
  /** Servers that went down with it. */
  deaths: number;
  loadedMs: number;
  ticket: string | undefined;
  attempt: Attempt | undefined;
  isOver: boolean;
  /** Its last attempt was taken back before it had begun. */
  isRecalled: boolean;
}

/** A request that has just come. */
export function createVisit(request: SimRequest, listener: ClientListener, nowMs: number): Visit {
  return {
    request,
    listener,
    sinceMs: nowMs,
    tried: [],
    attempts: 0,
    deaths: 0,
    loadedMs: 0,
    ticket: undefined,
    attempt: undefined,
    isOver: false,
    isRecalled: false,
  };
}

/** The measurements of an attempt that ends now. */
export function measured(request: SimRequest, job: Job, result: AttemptResult, nowMs: number): Observation {
  const { insideMs, prefillMs, firstMs, sentMs, prefillTokens } = job;
  return observationOf(request, {
    abandoned: result === 'cancelled' && firstMs === undefined,
    firstMs: firstMs === undefined ? undefined : firstMs - sentMs,
    insideMs: insideMs === undefined || prefillMs === undefined ? undefined : prefillMs - insideMs,
    prefillMs: firstMs === undefined || prefillMs === undefined ? undefined : firstMs - prefillMs,
    prefillTokens,
    decodeMs: result === 'answered' && firstMs !== undefined ? nowMs - firstMs : undefined,
  });
}
