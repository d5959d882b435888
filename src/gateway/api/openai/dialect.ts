import { aliasOf } from '../dialect/alias.ts';
import { errorObject } from '../dialect/error-object.ts';
import { errorHeaders, STATUS } from '../dialect/error-response.ts';
import type { ClientDialect } from '../../client-dialect.ts';
import type { Failure } from '../../exchange.ts';

/** OpenAI's dialect: every error is an error object with all four keys. */
export const OPENAI: ClientDialect = {
  name: 'openai',
  aliasOf,
  streamType: 'text/event-stream; charset=utf-8',
  keepAlive: ': keep-alive\n\n',
  errorResponse: (failure) => ({
    status: STATUS[failure.kind],
    headers: errorHeaders(failure),
    body: errorBody(failure),
  }),
  errorFrame: (failure) => `data: ${errorBody(failure)}\n\n`,
};

function errorBody(failure: Failure): string {
  return JSON.stringify({ error: errorObject(failure) });
}
