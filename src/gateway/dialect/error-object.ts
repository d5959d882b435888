import type { Failure } from '../exchange.ts';
import { STATUS } from './refusal.ts';

/** What OpenAI's endpoints say went wrong: all four keys always there. */
export interface ErrorObject {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

/** A failure as OpenAI's error object. */
export function errorObject(failure: Failure): ErrorObject {
  return { message: failure.message, type: typeOf(failure), param: failure.param ?? null, code: failure.code };
}

function typeOf({ kind }: Failure): string {
  return kind === 'limited' ? 'requests' : STATUS[kind] < 500 ? 'invalid_request_error' : 'server_error';
}
