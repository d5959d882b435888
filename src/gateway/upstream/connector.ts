import { Socket } from 'node:net';
import { buildConnector } from 'undici';

/** Broken connections that had carried an earlier response. */
const reused = new WeakSet<Error>();

interface ConnectorOptions {
  /** Idle time after which the kernel asks whether the other side still has the connection, ms. */
  readonly keepAliveInitialDelay?: number;
  /** Called when the server has taken a TCP connection, before any TLS. */
  readonly onAccepted?: () => void;
}

/**
 * Makes connections as undici does, and notes of each that breaks whether a response had come over it before: undici reports this for
 * some errors only. A socket carries one request at a time, so bytes that were read belong to an earlier response, or to the one that
 * the exchange itself has seen begin. Bytes of a TLS handshake do not count (seen on Node 24).
 */
export function connector(
  timeoutMs: number,
  { keepAliveInitialDelay, onAccepted }: ConnectorOptions = {},
): buildConnector.connector {
  // Ollama does not speak HTTP/2.
  const connect = buildConnector({
    timeout: timeoutMs,
    allowH2: false,
    ...(keepAliveInitialDelay === undefined ? {} : { keepAliveInitialDelay }),
  });
  return (options, callback) => {
    const connecting: unknown = connect(options, (...[error, socket]) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      socket.prependListener('error', (broken: Error) => {
        if (socket.bytesRead > 0) reused.add(broken);
      });
      callback(null, socket);
    });
    if (onAccepted !== undefined && connecting instanceof Socket) connecting.once('connect', onAccepted);
    // undici cancels a connect by the socket that the connector returns.
    return connecting;
  };
}

/** Whether an error broke a connection that had carried an earlier response. */
export function wasReused(error: unknown): boolean {
  return error instanceof Error && reused.has(error);
}
