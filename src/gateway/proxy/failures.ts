import type { Failure, ServerFailure } from '../exchange.ts';
import type { Rejection } from '../route/event.ts';

/** A retry by itself within that adds to a crowd that will be there still. */
const SOON_MS = 20_000;

/** Longest part of an unknown model's name that is shown or logged, characters. */
export const MAX_NAME_LENGTH = 200;

/** A request for a model that no entry of the configuration has. */
export function unknownModel(model: string): Failure {
  return {
    kind: 'not-found',
    code: 'model_not_found',
    message: `The model \`${model.slice(0, MAX_NAME_LENGTH)}\` does not exist or you do not have access to it.`,
    model,
  };
}

/** A parameter that has no effect, under `hxllm.strict`. */
export function unsupportedParameter(param: string): Failure {
  return {
    kind: 'invalid',
    code: 'unsupported_parameter',
    message: `Unsupported parameter: '${param.slice(0, 64)}' cannot be honoured by this server.`,
    param: param.slice(0, 64),
  };
}

/** A bug of the gateway. */
export const INTERNAL_ERROR: Failure = {
  kind: 'internal',
  code: null,
  message: 'The server had an error while processing your request.',
};

function noBackend(model: string, retryAfterMs: number): Failure {
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
    return failure === undefined ? noBackend(model, retryAfterMs) : worstOf(failure, retryAfterMs);
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
