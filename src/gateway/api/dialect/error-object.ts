import type { Failure } from '../../exchange.ts';
import { STATUS } from './error-response.ts';

/** The error object of OpenAI's endpoints; all four keys are always present. */
export interface ErrorObject {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** Converts a failure to OpenAI's error object. */
export function errorObject(failure: Failure): ErrorObject {
  return { message: messageOf(failure), type: typeOf(failure), param: failure.param ?? null, code: failure.code };
}

// Clients that shorten a conversation and retry recognise this error by OpenAI's two wordings; few look at the code.
function messageOf({ code, message }: Failure): string {
  if (code !== 'context_length_exceeded' || /maximum context length is/i.test(message)) return message;
  return `Input tokens exceed the configured limit: this model's maximum context length is smaller than the prompt (${message}).`;
}

function typeOf({ kind, limited = 'requests' }: Failure): string {
  return kind === 'limited' ? limited : STATUS[kind] < 500 ? 'invalid_request_error' : 'server_error';
}
