import { refusalHeaders, STATUS } from '../dialect/refusal.ts';
import type { ClientDialect, Failure } from '../exchange.ts';

const TYPES: Readonly<Partial<Record<Failure['kind'], string>>> = { unauthorized: 'authentication_error', 'not-found': 'not_found_error', 'too-large': 'request_too_large', limited: 'rate_limit_error', overloaded: 'overloaded_error', timeout: 'timeout_error' };

/** What Anthropic's clients understand: its error object, and `ping` in a stream's silence. */
export const ANTHROPIC: ClientDialect = {
  streamType: 'text/event-stream; charset=utf-8',
  keepAlive: 'event: ping\ndata: {"type":"ping"}\n\n',
  // A crowd has a status of its own here.
  refusal: (failure) => ({ status: failure.kind === 'overloaded' ? 529 : STATUS[failure.kind], headers: refusalHeaders(failure), body: errorBody(failure) }),
  frame: (failure) => `event: error\ndata: ${errorBody(failure)}\n\n`,
};

function errorBody(failure: Failure): string {
  return JSON.stringify({ type: 'error', error: { type: TYPES[failure.kind] ?? (STATUS[failure.kind] < 500 ? 'invalid_request_error' : 'api_error'), message: failure.message } });
}
