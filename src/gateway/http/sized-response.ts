import type { Failure } from '../exchange.ts';
import type { LongText } from './long-text.ts';
import type { RequestContext } from '../request-context.ts';

/** A response with its own content-length, so that HEAD reports the same as GET (RFC 9110, 8.6). */
export function sizedResponse(
  body: string | LongText,
  status: number,
  headers: Readonly<Record<string, string>>,
): Response {
  const [sent, length] = typeof body === 'string' ? [body, Buffer.byteLength(body)] : [body.body(), body.length];
  return new Response(sent, { status, headers: { ...headers, 'content-length': String(length) } });
}

/** The same for JSON. */
export function jsonResponse(value: unknown, status = 200): Response {
  return sizedResponse(JSON.stringify(value), status, { 'content-type': 'application/json' });
}

/** A failure in the client's dialect; the log gets its code. */
export function errorResponse({ dialect, id, record }: RequestContext, failure: Failure): Response {
  record.failure = failure.code ?? failure.kind;
  const { status, headers, body } = dialect.errorResponse(failure, id);
  return sizedResponse(body, status, headers);
}
