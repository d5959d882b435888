import { errorHeaders, STATUS } from '../dialect/error-response.ts';
import type { ClientDialect } from '../../client-dialect.ts';
import type { Failure } from '../../exchange.ts';
import { aliasOf } from '../dialect/alias.ts';

/** Ollama's dialect: an error is `{"error": "…"}`; in a stream it is the last line. */
export const OLLAMA: ClientDialect = {
  name: 'ollama',
  streamType: 'application/x-ndjson',
  keepAlive: undefined,
  errorResponse: (failure) => ({
    status: STATUS[failure.kind],
    headers: errorHeaders(failure),
    body: errorBody(failure),
  }),
  errorFrame: (failure) => `${errorBody(failure)}\n`,
  aliasOf,
};

function errorBody({ message, model }: Failure): string {
  return JSON.stringify({ error: model === undefined ? message : `model '${model.slice(0, 200)}' not found` });
}
