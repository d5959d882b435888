import { goJson } from '../wire/json.ts';

/** An error as /v1 shows it, with the type that follows from the status. */
export function failureBody(status: number, message: string): string {
  const type = status === 400 ? 'invalid_request_error' : status === 404 ? 'not_found_error' : 'api_error';
  return goJson({ error: { message, type, param: null, code: null } });
}
