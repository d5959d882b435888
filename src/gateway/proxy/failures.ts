import type { Failure, ServerFailure } from '../exchange.ts';
import type { Rejection } from '../route/event.ts';

/** A retry by itself within that adds to a crowd that will be there still. */
const SOON_MS = 20_000;

/** Which groups may stand in after a failure: a request that is at fault itself fails everywhere, but for a prompt that is too long for this model; and a late answer may still be computed. */
export function fallbackKind(failure: Failure | ServerFailure): 'failed' | 'too-long' | undefined {
  if (failure.code === 'context_length_exceeded') return 'too-long';
  if (failure.kind === 'timeout') return undefined;
  return failure.kind === 'overloaded' ||
    failure.kind === 'limited' ||
    ('fault' in failure && failure.fault !== 'request')
    ? 'failed'
    : undefined;
}

/** What it means that we made a mistake. */
export const INTERNAL_ERROR: Failure = {
  kind: 'internal',
  code: null,
  message: 'The server had an error while processing your request.',
};

function nobody(model: string, retryAfterMs: number): Failure {
  return {
    kind: 'overloaded',
    code: 'no_backend',
    message: `No backend that serves ${model} is up at the moment.`,
    retryAfterMs,
  };
}

/** What a refusal by routing means to the client; `failure` is the last that was met on the way. */
export function rejectionFailure(
  model: string,
  { reason, retryAfterMs }: Rejection,
  failure: ServerFailure | undefined,
): Failure {
  if (reason === 'no-backend')
    return failure === undefined ? nobody(model, retryAfterMs) : worstOf(failure, retryAfterMs);
  if (reason === 'rate-limited')
    return {
      kind: 'limited',
      code: 'rate_limit_exceeded',
      message: `All that serves ${model} has had what it may have for this minute.`,
      retryAfterMs,
    };
  const said =
    reason === 'queue-full'
      ? { code: 'queue_full', message: `Too many requests wait for ${model} at the moment.` }
      : { code: 'queue_too_long', message: `No place for ${model} came free in time, or none would.` };
  return { kind: 'overloaded', ...said, retryAfterMs, shouldRetry: retryAfterMs <= SOON_MS };
}

// Everybody who could have answered has failed: come again when one of them is back.
function worstOf(last: ServerFailure, retryAfterMs: number): Failure {
  return last.fault === 'backend' ? { ...last, kind: 'overloaded', retryAfterMs } : last;
}
