import { errorObject } from '../dialect/error-object.ts';
import { refusalHeaders, STATUS } from '../dialect/error-response.ts';
import type { ClientDialect } from '../../client-dialect.ts';
import type { Failure } from '../../exchange.ts';

/** What OpenAI's clients understand: its error object, all four keys always there, whatever went wrong. */
export const OPENAI: ClientDialect = {
  streamType: 'text/event-stream; charset=utf-8',
  keepAlive: ': keep-alive\n\n',
  errorResponse: (failure) => ({
    status: STATUS[failure.kind],
    headers: refusalHeaders(failure),
    body: errorBody(failure),
  }),
  errorFrame: (failure) => `data: ${errorBody(failure)}\n\n`,
};

function errorBody(failure: Failure): string {
  return JSON.stringify({ error: errorObject(failure) });
}
