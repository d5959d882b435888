import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorMessage } from '../../core/error.ts';
import type { Forward } from '../../core/host.ts';
import { fail, ok, type Result } from '../../core/problem.ts';
import type { SshSettings } from './settings.ts';
import { lost } from './unreachable.ts';

const HERE = '127.0.0.1';

/** Opens a stream of bytes to a port on the host, until the signal aborts. Rejects where nothing listens there. */
export type OpenStream = (signal: AbortSignal) => Promise<Duplex>;

/** Listens on this machine's loopback and leads each connection through a stream of its own to the host. */
export function openForward(settings: SshSettings, open: OpenStream): Promise<Result<Forward>> {
  const sockets = new Set<Socket>();
  let refusal: string | undefined;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
    });
    void lead(socket, open).then((reason) => {
      refusal = reason;
    });
  });
  return new Promise((resolve) => {
    server.once('error', (error) => {
      resolve(fail(lost(settings, 'forwarding a port', error.message)));
    });
    server.listen(0, HERE, () => {
      const { port } = server.address() as AddressInfo; // a TCP server that listens has an AddressInfo
      resolve(ok({ address: HERE, port, refusal: () => refusal, close: () => closeServer(server, sockets) }));
    });
  });
}

/** Leads a connection to the host. Where there is no way it closes without a byte, and the reason is returned. */
async function lead(socket: Socket, open: OpenStream): Promise<string | undefined> {
  const left = new AbortController();
  socket
    .once('close', () => {
      left.abort();
    })
    .on('error', () => socket.destroy());
  try {
    const stream = await open(left.signal);
    if (socket.destroyed) {
      stream.destroy();
      return undefined;
    }
    socket.once('close', () => stream.destroy());
    stream
      .on('error', () => socket.destroy())
      .once('end', () => socket.destroySoon())
      .once('close', () => socket.destroySoon());
    socket.pipe(stream).pipe(socket);
    return undefined;
  } catch (error) {
    // The client asks for the reason when it sees the end.
    setImmediate(() => socket.destroy());
    // As ssh2 begins such messages.
    return errorMessage(error).replace(/^\(SSH\) Channel open failure: /, '');
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
