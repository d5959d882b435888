import { errorObject } from '../dialect/error-object.ts';
import { errorHeaders, STATUS } from '../dialect/error-response.ts';
import type { ClientDialect } from '../../client-dialect.ts';
import type { Failure } from '../../exchange.ts';
import { responseEventText } from './event-text.ts';

/** What clients of OpenAI's Responses understand: its error object, and an `error` event in a stream. */
export const RESPONSES: ClientDialect = {
  streamType: 'text/event-stream; charset=utf-8',
  keepAlive: ': keep-alive\n\n',
  errorResponse: (failure) => ({
    status: STATUS[failure.kind],
    headers: errorHeaders(failure),
    body: JSON.stringify({ error: errorObject(named(failure)) }),
  }),
  errorFrame: (failure) => errorEvent(failure, 0),
};

/** The event of a failure. The specification has its fields beside `type`, the API sends them in `error`, and clients look for either. */
export function errorEvent(failure: Failure, sequenceNumber: number): string {
  const error = errorObject(named(failure));
  // Some clients insist on a code.
  const code = error.code ?? error.type;
  return responseEventText(
    { type: 'error', code, message: error.message, param: error.param, error: { ...error, code } },
    sequenceNumber,
  );
}

/** The `error` of a response that has failed; its codes are a closed list, but for what clients know anyway. */
export function responseError({ kind, code, message }: Failure): { readonly code: string; readonly message: string } {
  const known =
    code === 'context_length_exceeded'
      ? code
      : kind === 'limited'
        ? 'rate_limit_exceeded'
        : kind === 'invalid'
          ? 'invalid_prompt'
          : 'server_error';
  return { code: known, message };
}

// What others call by the chat endpoint's names.
const NAMES: Readonly<Record<string, string>> = {
  messages: 'input',
  response_format: 'text.format',
  reasoning_effort: 'reasoning.effort',
};

function named(failure: Failure): Failure {
  const { param } = failure;
  const ours = param !== undefined && Object.hasOwn(NAMES, param) ? NAMES[param] : undefined;
  return ours === undefined ? failure : { ...failure, param: ours };
}
