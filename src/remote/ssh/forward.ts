import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Client } from 'ssh2';
import type { Forward } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { SshSettings } from './settings.ts';
import { lost } from './unreachable.ts';

/** Listens on this machine's loopback and forwards each connection to `127.0.0.1:port` on the host. */
export function openForward(settings: SshSettings, client: Client, port: number): Promise<Result<Forward>> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket
      .once('close', () => {
        sockets.delete(socket);
      })
      .on('error', () => {
        socket.destroy();
      });
    lead(client, socket, port);
  });
  return new Promise((resolve) => {
    server.once('error', (error) => {
      resolve(fail(lost(settings, `forwarding port ${String(port)}`, error.message)));
    });
    server.listen(0, '127.0.0.1', () => {
      const { port: local } = server.address() as AddressInfo; // a TCP server that listens has an AddressInfo
      resolve(ok({ port: local, close: () => closeServer(server, sockets) }));
    });
  });
}

function lead(client: Client, socket: Socket, port: number): void {
  try {
    client.forwardOut('127.0.0.1', socket.remotePort ?? 0, '127.0.0.1', port, (error, channel) => {
      // The client sees the same as after a refused connection: it closes without a byte.
      if (error !== undefined) return socket.destroy();
      channel.on('error', () => socket.destroy()).on('close', () => socket.destroySoon());
      socket.on('close', () => {
        channel.close();
      });
      return socket.pipe(channel).pipe(socket);
    });
  } catch {
    // The connection is gone.
    socket.destroy();
  }
}

function closeServer(server: ReturnType<typeof createServer>, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
    for (const socket of sockets) socket.destroy();
  });
}
