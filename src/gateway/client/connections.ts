import type { Server } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';

const POLITE_MS = 1500;
const LOOK_MS = 100;

/** Knows the open connections of a server and how many requests are underway on each. */
export class Connections {
  readonly #underway = new Map<Socket, number>();
  readonly #server: Server;
  #stoppingSinceMs: number | undefined;

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#underway.set(socket, 0);
      socket.once('close', () => this.#underway.delete(socket));
    });
  }

  get stopping(): boolean {
    return this.#stoppingSinceMs !== undefined;
  }

  /** Whether a request of a connection is being answered. */
  isBusy(socket: Socket): boolean {
    return (this.#underway.get(socket) ?? 0) > 0;
  }

  /** A request has begun on a connection. */
  begin(socket: Socket): void {
    const count = this.#underway.get(socket);
    if (count !== undefined) this.#underway.set(socket, count + 1);
  }

  /** It has ended, whichever way. */
  end(socket: Socket): void {
    const count = this.#underway.get(socket);
    if (count !== undefined) this.#underway.set(socket, count - 1);
  }

  /**
   * Takes no new connections, and resolves when the last one is closed. A connection without a request is closed after a while
   * and not at once: a client that is just about to use it is answered, with `connection: close`. What still runs after
   * `limitMs`, or when `signal` aborts, is cut.
   */
  async drain(limitMs: number, signal: AbortSignal): Promise<{ readonly cut: number }> {
    this.#stoppingSinceMs = performance.now();
    const closed = new Promise<void>((resolve) => {
      // http.Server's own close() destroys idle connections at once.
      NetServer.prototype.close.call(this.#server, () => {
        resolve();
      });
    });
    let cut = 0;
    const look = setInterval(() => {
      const spentMs = performance.now() - (this.#stoppingSinceMs ?? 0);
      if (spentMs >= limitMs || signal.aborted) cut += this.#destroy(() => true);
      else if (spentMs >= POLITE_MS) this.#destroy((requests) => requests === 0);
    }, LOOK_MS);
    await closed;
    clearInterval(look);
    return { cut };
  }

  // How many of the destroyed ones were being answered.
  #destroy(which: (requests: number) => boolean): number {
    let busy = 0;
    for (const [socket, requests] of this.#underway) {
      if (!which(requests)) continue;
      if (requests > 0) busy += 1;
      socket.destroy();
    }
    return busy;
  }
}
