import { goJson } from '../wire/json.ts';

/** The body of an error of /v1. The status decides its type. */
export function failureBody(status: number, message: string): string {
  const type = status === 400 ? 'invalid_request_error' : status === 404 ? 'not_found_error' : 'api_error';
  return goJson({ error: { message, type, param: null, code: null } });
}
