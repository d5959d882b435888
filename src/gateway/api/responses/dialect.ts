import { aliasOf } from '../dialect/alias.ts';
import { errorObject } from '../dialect/error-object.ts';
import { errorHeaders, STATUS } from '../dialect/error-response.ts';
import type { ClientDialect } from '../../client-dialect.ts';
import type { Failure } from '../../exchange.ts';
import { responseEventText } from './event-text.ts';

/** The dialect of OpenAI's Responses API: OpenAI's error object, and an `error` event in a stream. */
export const RESPONSES: ClientDialect = {
  name: 'responses',
  aliasOf,
  streamType: 'text/event-stream; charset=utf-8',
  keepAlive: ': keep-alive\n\n',
  errorResponse: (failure) => ({
    status: STATUS[failure.kind],
    headers: errorHeaders(failure),
    body: JSON.stringify({ error: errorObject(withOwnNames(failure)) }),
  }),
  errorFrame: (failure) => errorEvent(failure, 0),
};

/**
 * The `error` event of a stream. The specification has its fields beside `type`, the API sends them in `error`, and clients read
 * either.
 */
export function errorEvent(failure: Failure, sequenceNumber: number): string {
  const error = errorObject(withOwnNames(failure));
  // Some clients require a code.
  const code = error.code ?? error.type;
  return responseEventText(
    { type: 'error', code, message: error.message, param: error.param, error: { ...error, code } },
    sequenceNumber,
  );
}

/**
 * The `error` of a failed response. The API has a closed list of codes; `context_length_exceeded` is not in it, but clients know
 * it.
 */
export function responseError({ kind, code, message }: Failure): { readonly code: string; readonly message: string } {
  const knownCode =
    code === 'context_length_exceeded'
      ? code
      : kind === 'limited'
        ? 'rate_limit_exceeded'
        : kind === 'invalid'
          ? 'invalid_prompt'
          : 'server_error';
  return { code: knownCode, message };
}

// The names of this API for parameters that failures name by the chat endpoint's names.
const NAMES: Readonly<Record<string, string>> = {
  messages: 'input',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
};

function withOwnNames(failure: Failure): Failure {
  const { param } = failure;
  const ownName = param !== undefined && Object.hasOwn(NAMES, param) ? NAMES[param] : undefined;
  return ownName === undefined ? failure : { ...failure, param: ownName };
}
