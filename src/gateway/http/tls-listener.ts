import type { Server as NetServer, Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsIdentity } from './tls-files.ts';

/** Takes a socket that is still in its handshake; the result is called when that has ended. */
export type HoldHandshake = (socket: Socket) => () => void;

/** TLS in front of a server of HTTP: TLS 1.2 and 1.3, HTTP/1.1. */
export class TlsListener {
  readonly #servers: Server[] = [];
  readonly #handshakeMs: number;
  #identity: TlsIdentity;

  /** `handshakeMs`: the time of a handshake, from the first byte to the last, however many come in between. */
  constructor(identity: TlsIdentity, handshakeMs: number) {
    this.#identity = identity;
    this.#handshakeMs = handshakeMs;
  }

  /** The certificate that new connections get. */
  get identity(): TlsIdentity {
    return this.#identity;
  }

  /** A server that does not listen yet; `handOn` gets each connection behind its handshake. */
  open(handOn: (socket: TLSSocket) => void, hold: HoldHandshake): NetServer {
    const handshakes = new Map<string, () => void>();
    const server = createServer({
      ...this.#identity.pair,
      ALPNProtocols: ['http/1.1'],
      // As http.Server has it.
      allowHalfOpen: true,
      noDelay: true,
      handshakeTimeout: this.#handshakeMs,
    });
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket);
      const release = hold(socket);
      const end = (): void => {
        release();
        if (handshakes.get(peer) === end) handshakes.delete(peer);
      };
      handshakes.set(peer, end);
      socket.once('close', end);
    });
    server.on('secureConnection', (socket) => {
      // Before its handshake counts as ended, so that a stop always finds the connection as the one or the other.
      handOn(socket);
      handshakes.get(peerOf(socket))?.();
    });
    // Scanners, and clients that do not trust the certificate, would fill the log.
    server.on('tlsClientError', (_error, socket) => {
      socket.destroy();
    });
    this.#servers.push(server);
    return server;
  }

  /** Gives new connections another certificate, while open connections keep theirs. */
  renew(identity: TlsIdentity): void {
    this.#identity = identity;
    for (const server of this.#servers) server.setSecureContext(identity.pair);
  }
}

// The socket behind a handshake is another object than that of its connection, with the same peer.
function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remoteAddress} ${String(remotePort)}`;
}
