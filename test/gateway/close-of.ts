import type { Socket } from 'node:net';

/**
 * Resolves when a socket is closed, also by a reset. `once(socket, 'close')` rejects at the `error` that comes before the `close`, which the
 * kernel sends or not: the other side has closed with bytes unread, or it has not.
 */
export function closeOf(socket: Socket): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('error', () => {}).once('close', () => resolve());
  return promise;
}
