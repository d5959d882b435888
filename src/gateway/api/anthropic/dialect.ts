import { aliasOf } from '../dialect/alias.ts';
import type { Json } from '../../json.ts';
import { errorHeaders, STATUS } from '../dialect/error-response.ts';
import type { ClientDialect } from '../../client-dialect.ts';
import type { Failure } from '../../exchange.ts';
import { messageEventText } from './event-text.ts';

const TYPES: Readonly<Partial<Record<Failure['kind'], string>>> = {
  unauthorized: 'authentication_error',
  forbidden: 'permission_error',
  'not-found': 'not_found_error',
  'too-large': 'request_too_large',
  limited: 'rate_limit_error',
  overloaded: 'overloaded_error',
  timeout: 'timeout_error',
};

// Anthropic's names for parameters that failures name by the chat endpoint's names.
const NAMES: Readonly<Record<string, string>> = {
  response_format: 'output_config.format',
  reasoning_effort: 'thinking',
};

/** Anthropic's dialect: its error object, `ping` events in a silent stream, and the request id in the `request-id` header. */
export const ANTHROPIC: ClientDialect = {
  name: 'anthropic',
  aliasOf,
  streamType: 'text/event-stream; charset=utf-8',
  keepAlive: messageEventText({ type: 'ping' }),
  idHeader: 'request-id',
  // Anthropic has a status of its own for an overload.
  errorResponse: (failure, requestId) => ({
    status: failure.kind === 'overloaded' ? 529 : STATUS[failure.kind],
    headers: { ...errorHeaders(failure), ...noRetryHeaders(failure) },
    body: JSON.stringify(errorBody(failure, requestId)),
  }),
  errorFrame: (failure, requestId) => messageEventText(errorBody(failure, requestId)),
};

// Claude Code would retry for minutes with an invalid key.
function noRetryHeaders({ kind }: Failure): Readonly<Record<string, string>> {
  const status = STATUS[kind];
  return status >= 500 || status === 408 || status === 429 ? {} : { 'x-should-retry': 'false' };
}

function errorBody(failure: Failure, requestId: string | undefined): Json & { readonly type: 'error' } {
  const error = {
    type: TYPES[failure.kind] ?? (STATUS[failure.kind] < 500 ? 'invalid_request_error' : 'api_error'),
    message: messageOf(failure),
  };
  return { type: 'error', error, request_id: requestId ?? null };
}

// Clients match these words, because the error object has no code.
function messageOf({ kind, code, param, message }: Failure): string {
  if (code === 'context_length_exceeded') return `prompt is too long: ${message}`;
  if (kind === 'unauthorized')
    return code === null
      ? 'x-api-key header is required, or a key as Authorization: Bearer.'
      : `invalid x-api-key: ${message}`;
  const name = param !== undefined && Object.hasOwn(NAMES, param) ? NAMES[param] : param;
  return name === undefined || message.includes(name) ? message : `${name}: ${message}`;
}
