import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { RequestContext } from '../request-context.ts';

const POLITE_MS = 1500;
const LOOK_MS = 100;

/** An answer that is owed, and to whom. */
interface PendingResponse {
  readonly outgoing: ServerResponse;
  readonly context: RequestContext;
}

/** Knows the open connections of a server and what is being answered on each. */
export class Connections {
  /** What is owed on each. */
  readonly #underway = new Map<Socket, PendingResponse[]>();
  readonly #server: Server;
  #stopping = false;
  #onEmpty: () => void = () => {};

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#underway.set(socket, []);
      socket.once('close', () => {
        this.#underway.delete(socket);
        if (this.#underway.size === 0) this.#onEmpty();
      });
    });
  }

  get open(): number {
    return this.#underway.size;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Whether a request of a connection is being answered. */
  isBusy(socket: Socket): boolean {
    return (this.#underway.get(socket)?.length ?? 0) > 0;
  }

  /** The answer that is owed to a request of a connection which is still arriving, if nothing of it has left. */
  arriving(socket: Socket): PendingResponse | undefined {
    return this.#underway.get(socket)?.find(({ outgoing }) => !outgoing.req.complete && !outgoing.headersSent);
  }

  /** An answer is owed on a connection, until it is closed. */
  track(socket: Socket, outgoing: ServerResponse, context: RequestContext): void {
    const all = this.#underway.get(socket) ?? [];
    const pending = { outgoing, context };
    all.push(pending);
    outgoing.once('close', () => all.splice(all.indexOf(pending), 1));
    if (this.stopping) outgoing.setHeader('connection', 'close');
  }

  /**
   * Takes no new connections, and resolves when the last one is closed. A connection without a request is closed after a while
   * and not at once: a client that is just about to use it is answered, with `connection: close`. What still runs after
   * `limitMs`, or when `signal` aborts, is cut: told so where its client reads, and closed.
   */
  async drain(limitMs: number, signal: AbortSignal): Promise<{ readonly cut: number }> {
    const sinceMs = performance.now();
    this.#stopping = true;
    for (const pending of this.#underway.values())
      for (const { outgoing } of pending) if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
    // Not all connections need have come through this server's own socket.
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      if (this.#underway.size === 0) resolve();
    });
    const closed = new Promise<void>((resolve) => {
      // http.Server's own close() destroys idle connections at once.
      NetServer.prototype.close.call(this.#server, () => {
        resolve();
      });
    });
    let cut: number | undefined;
    const look = (): void => {
      const spentMs = performance.now() - sinceMs;
      if (cut !== undefined) this.#destroy(() => true);
      else if (spentMs >= limitMs || signal.aborted) cut = this.#cut();
      else if (spentMs >= POLITE_MS) this.#destroy((pending) => pending === 0);
    };
    look();
    const looking = setInterval(look, LOOK_MS);
    await Promise.all([closed, empty]);
    clearInterval(looking);
    return { cut: cut ?? 0 };
  }

  // How many answers were. Their last words have until the next look to leave.
  #cut(): number {
    let count = 0;
    for (const [socket, pending] of this.#underway) {
      count += pending.length;
      for (const { context } of pending.slice()) context.cut?.();
      socket.destroySoon();
    }
    return count;
  }

  #destroy(which: (pending: number) => boolean): void {
    for (const [socket, { length }] of this.#underway) if (which(length)) socket.destroy();
  }
}
