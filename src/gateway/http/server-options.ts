import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** The methods of the paths that clients of the APIs call. */
export const METHODS = 'GET, HEAD, POST, OPTIONS';

/** Answers an OPTIONS about the server as a whole, `OPTIONS *`, which serves as a ping (RFC 9110, 9.3.7); `false` if it is about a path. */
export function answerOptions(
  { url }: IncomingMessage,
  outgoing: ServerResponse,
  headers: OutgoingHttpHeaders,
): boolean {
  if (url !== '*') return false;
  outgoing.writeHead(204, { ...headers, allow: METHODS }).end();
  return true;
}
