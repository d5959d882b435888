import { errorCode } from '../../core/error.ts';
import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ClientDialect } from '../client-dialect.ts';
import type { Failure } from '../exchange.ts';

const LINGER_MS = 1000;

/** The failure behind an error of Node's HTTP parser; `undefined` if the client is gone. */
export function parseFailure(error: Error): Failure | undefined {
  const code = errorCode(error);
  if (code === 'HPE_INVALID_EOF_STATE') return undefined;
  if (code === 'HPE_HEADER_OVERFLOW')
    return { kind: 'large-headers', code: null, message: 'The headers of your request are too large.' };
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return { kind: 'too-large', code: null, message: 'The chunk extensions of your request are too large.' };
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { kind: 'too-slow', code: null, message: 'Your request did not arrive in time.' };
  return code.startsWith('HPE_')
    ? { kind: 'invalid', code: null, message: 'Expected a valid HTTP/1.1 request, found one that cannot be parsed.' }
    : undefined;
}

/**
 * Sends an error response on the socket of a request that could not be parsed, and closes the socket after the client had time to
 * read. `more` are headers that the response had before.
 */
export function sendRaw(
  socket: Duplex,
  dialect: ClientDialect,
  failure: Failure,
  requestId: string,
  more: OutgoingHttpHeaders = {},
): number {
  const { status, headers, body } = dialect.errorResponse(failure, requestId);
  const all = {
    ...more,
    ...headers,
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': requestId,
    connection: 'close',
  };
  const head = Object.entries(all)
    .map(([name, value]) => `${name}: ${String(value)}\r\n`)
    .join('');
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\n${head}\r\n${body}`);
  // Destroying a socket with unread bytes resets it, and the response would be lost.
  socket.resume();
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
  return status;
}
