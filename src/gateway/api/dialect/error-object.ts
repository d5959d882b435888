import type { Failure } from '../../exchange.ts';
import { STATUS } from './error-response.ts';

/** What OpenAI's endpoints say went wrong: all four keys always there. */
export interface ErrorObject {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** A failure as OpenAI's error object. */
export function errorObject(failure: Failure): ErrorObject {
  return { message: messageOf(failure), type: typeOf(failure), param: failure.param ?? null, code: failure.code };
}

// Clients that cut a conversation short and ask again know OpenAI's two ways to say so by their words, and few look at the code.
function messageOf({ code, message }: Failure): string {
  if (code !== 'context_length_exceeded' || /maximum context length is/i.test(message)) return message;
  return `Input tokens exceed the configured limit: this model's maximum context length is less than the prompt takes (${message}).`;
}

function typeOf({ kind }: Failure): string {
  return kind === 'limited' ? 'requests' : STATUS[kind] < 500 ? 'invalid_request_error' : 'server_error';
}
