import type { Failure, ServerFailure } from '../exchange.ts';

/** The state of a request when one of its attempts has failed. */
export interface Progress {
  /** A part of the response has gone to the client: it cannot be taken back. */
  readonly streaming: boolean;
  /** Attempts so far, the failed one included. */
  readonly attempts: number;
  /** For a failed connection: a probe found the server down. */
  readonly isDown?: boolean;
  /** Servers that went down with this request, the last one included. */
  readonly deaths?: number;
}

/** The part of the routing configuration that limits retries. */
export interface RetryPolicy {
  /** `router_settings.num_retries`: attempts beyond the first. */
  readonly retries: number;
}

/**
 * Whether a failed attempt is repeated on another deployment of the same model. Not after the first byte; not if the request itself is
 * at fault, since it fails everywhere; not after a time-out, since the work may go on there and would then be done twice. A connection
 * that broke while its server stays up was most likely broken by this request, which would do the same elsewhere; if its server went
 * down, its work is lost, and it may move once: a request that kills its server kills two at most.
 */
export function isRetryable(
  { fault, kind, notBegun }: Pick<ServerFailure, 'fault' | 'kind' | 'notBegun'>,
  { streaming, attempts, isDown = false, deaths = 0 }: Progress,
  { retries }: RetryPolicy,
): boolean {
  if (streaming || fault === 'request' || kind === 'timeout' || attempts > retries) return false;
  return fault !== 'connection' || notBegun === true || (isDown && deaths <= 1);
}

/**
 * Which list of fallbacks serves a request after its own model has failed it: `too-long` for a prompt beyond the context
 * (`context_window_fallbacks`), `failed` for the rest (`fallbacks`); `undefined` where another model does not help.
 */
export function fallbackKind(failure: Failure | ServerFailure): 'failed' | 'too-long' | undefined {
  if (failure.code === 'context_length_exceeded') return 'too-long';
  if (failure.kind === 'timeout') return undefined;
  const isUnserved = failure.kind === 'overloaded' || failure.kind === 'limited';
  return isUnserved || ('fault' in failure && failure.fault !== 'request') ? 'failed' : undefined;
}
