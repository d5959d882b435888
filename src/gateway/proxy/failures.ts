import type { Failure, ServerFailure } from '../exchange.ts';
import { noteError, type RequestContext } from '../request-context.ts';
import type { Rejection } from '../route/event.ts';

/** Longest expected wait for which SDKs are told to retry by themselves, ms. */
const SELF_RETRY_MS = 20_000;

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

/** A request for a model of a pattern, one of whose servers has not said yet which models it has. */
export function unlistedModel(model: string): Failure {
  return {
    kind: 'overloaded',
    code: 'no_backend',
    message: `The model \`${model.slice(0, MAX_NAME_LENGTH)}\` is not found, and a backend that may have it does not answer.`,
    retryAfterMs: 1000,
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

/** An error in the writing of a request: JSON.parse reads deeper nesting than JSON.stringify can write; any other is a bug. */
export function unwritableFailure(context: RequestContext, error: unknown): Failure {
  if (error instanceof RangeError)
    return { kind: 'invalid', code: null, message: 'The JSON body of your request is nested too deeply.' };
  noteError(context, error);
  return INTERNAL_ERROR;
}

function noBackend(model: string, retryAfterMs: number): Failure {
  return {
    kind: 'overloaded',
    code: 'no_backend',
    message: `No backend for ${model} is up.`,
    retryAfterMs,
  };
}

/** A rejection by routing, as the client gets it; `failure` is the last failure of an attempt, if any. */
export function rejectionFailure(
  model: string,
  { reason, retryAfterMs }: Rejection,
  failure: ServerFailure | undefined,
): Failure {
  if (reason === 'no-backend')
    return failure === undefined ? noBackend(model, retryAfterMs) : lastFailureOf(failure, retryAfterMs);
  if (reason === 'rate-limited')
    return {
      kind: 'limited',
      code: 'rate_limit_exceeded',
      message: `Rate limit reached for ${model}: every backend has used its requests or tokens for this minute.`,
      retryAfterMs,
    };
  const said =
    reason === 'queue-full'
      ? { code: 'queue_full', message: `The queue for ${model} is full.` }
      : { code: 'queue_too_long', message: `Timed out waiting for a free slot for ${model}.` };
  return { kind: 'overloaded', ...said, retryAfterMs, shouldRetry: retryAfterMs <= SELF_RETRY_MS };
}

// All backends that could have answered have failed: the client is told to retry when one is back.
function lastFailureOf(last: ServerFailure, retryAfterMs: number): Failure {
  return last.fault === 'backend' || last.fault === 'connection' ? { ...last, kind: 'overloaded', retryAfterMs } : last;
}

/** A longer context is loaded when its server has no request: there was no such moment for as long as a request may wait. */
export const BUSY_WITH_OTHERS: Failure = {
  kind: 'overloaded',
  code: 'queue_too_long',
  message:
    'The prompt needs a longer context, which is loaded when the only server of the model has no other request. There was no such moment; please try again later.',
  retryAfterMs: 10_000,
};

/** The failure of a response that a stopping gateway cuts. */
export const STOPPING: Failure = {
  kind: 'overloaded',
  code: 'stopping',
  message: 'The server is being stopped and could not wait for the end of this answer.',
  retryAfterMs: 1000,
};

/** The failure of a request whose usage could not be recorded, where the operator wants no such request. */
export const UNRECORDED: Failure = {
  kind: 'overloaded',
  code: 'usage_not_recorded',
  message: 'The usage of this request could not be recorded at the moment, so it is refused. Please try again later.',
  retryAfterMs: 10_000,
};
