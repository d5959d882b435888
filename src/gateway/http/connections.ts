import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { RequestContext } from '../request-context.ts';
import { BodyBudget } from './body-budget.ts';
import { MOST_SERVED, Pipeline } from './pipeline.ts';

const IDLE_GRACE_MS = 1500;
/** The same for a connection on which nothing was asked yet, where another process serves meanwhile. */
const UNUSED_GRACE_MS = 10_000;
const CHECK_MS = 100;

/**
 * Silence of a client after which TCP probes it, ms. Ten probes without an answer, one each second (libuv's uv_tcp_keepalive), end its
 * connection: a client that vanished without a FIN gives its slot back.
 */
const PROBE_AFTER_MS = 30_000;

/** A response that is not complete yet. */
interface PendingResponse {
  readonly outgoing: ServerResponse;
  readonly context: RequestContext;
}

/** An open connection. */
interface Connection {
  readonly pending: PendingResponse[];
  /** The request that came last; `undefined` once that is complete and answered: an idle connection would keep it in memory. */
  latest: IncomingMessage | undefined;
  /** Bytes that had come and when the last of them was seen, while connections are drained patiently. */
  bytesRead: number;
  quietSinceMs: number;
}

/** Numbers of the moment. */
export interface ConnectionCounts {
  readonly connections: number;
  /** Requests without a complete response, and those of them whose response has begun. */
  readonly requests: number;
  readonly begun: number;
}

/** The open connections of a server, and the pending responses on each. */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  readonly #pipeline = new Pipeline();
  readonly #server: Server;
  /** The bodies of the requests on all connections. */
  readonly bodies = new BodyBudget();
  #stopping = false;
  #onEmpty: () => void = () => {};

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#open.set(socket, { pending: [], latest: undefined, bytesRead: 0, quietSinceMs: 0 });
      socket.setKeepAlive(true, PROBE_AFTER_MS);
      socket.once('close', () => {
        this.#open.delete(socket);
        this.#pipeline.forget(socket);
        if (this.#open.size === 0) this.#onEmpty();
      });
    });
    server.on('timeout', (socket: Socket) => {
      this.#onStill(socket);
    });
  }

  /** Counts a connection that is still in its handshake; the result ends that. */
  hold(socket: Socket): () => void {
    this.#open.set(socket, { pending: [], latest: undefined, bytesRead: 0, quietSinceMs: 0 });
    return () => {
      if (this.#open.delete(socket) && this.#open.size === 0) this.#onEmpty();
    };
  }

  get open(): number {
    return this.#open.size;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** The requests whose response is not complete. */
  *contexts(): Generator<RequestContext> {
    for (const { pending } of this.#open.values()) for (const { context } of pending) yield context;
  }

  get counts(): ConnectionCounts {
    let [requests, begun] = [0, 0];
    for (const [socket, { pending }] of this.#open) {
      requests += pending.length + this.#pipeline.waitingOn(socket).length;
      for (const { outgoing } of pending) if (outgoing.headersSent) begun += 1;
    }
    return { connections: this.#open.size, requests, begun };
  }

  /**
   * Waits for the responses to the requests of a connection that came whole, and then calls back with the response to the request that was
   * still arriving, if there is one. No call follows if the connection is closed by then, as it is behind a response to a part of a request.
   */
  whenAnswered(socket: Socket, act: (arriving: PendingResponse | undefined) => void): void {
    const all = [...(this.#open.get(socket)?.pending ?? []), ...this.#pipeline.waitingOn(socket)];
    const whole = all.filter(({ outgoing }) => outgoing.req.complete);
    let open = whole.length;
    const check = (): void => {
      if (open > 0 || !socket.writable) return;
      const arriving = this.#open.get(socket)?.pending.find(({ outgoing }) => !outgoing.req.complete);
      // A second response cannot be sent to one request.
      if (
        arriving?.outgoing.headersSent === true ||
        (arriving === undefined && this.#open.get(socket)?.latest?.complete === false)
      )
        socket.destroySoon();
      else act(arriving);
    };
    for (const { outgoing } of whole)
      outgoing.once('close', () => {
        open -= 1;
        check();
      });
    check();
  }

  /** Whether a request waits for earlier ones of its connection, of which many are under way; `serve` is called when its turn comes. */
  mustWait(outgoing: ServerResponse, serve: () => void): boolean {
    const { socket } = outgoing.req;
    if (!this.#pipeline.has(socket) && (this.#open.get(socket)?.pending.length ?? 0) < MOST_SERVED) return false;
    const connection = this.#open.get(socket);
    if (connection !== undefined) connection.latest = outgoing.req;
    this.#pipeline.add(socket, { outgoing, serve });
    if (this.#stopping && connection !== undefined) this.#keepOpen(connection);
    return true;
  }

  /** Counts a response as pending until {@link untrack}. */
  track(socket: Socket, outgoing: ServerResponse, context: RequestContext): void {
    const connection = this.#open.get(socket);
    if (this.#stopping && connection !== undefined) this.#keepOpen(connection);
    connection?.pending.push({ outgoing, context });
    if (connection !== undefined && !this.#pipeline.has(socket)) connection.latest = outgoing.req;
    if (this.#stopping && !this.#pipeline.has(socket)) closeAfter(outgoing);
  }

  /** A response is closed. */
  untrack(socket: Socket, outgoing: ServerResponse, context: RequestContext): void {
    const connection = this.#open.get(socket);
    if (connection !== undefined) {
      const { pending, latest } = connection;
      if (outgoing.req.complete && latest === outgoing.req) connection.latest = undefined;
      const at = pending.findIndex((other) => other.outgoing === outgoing);
      if (at >= 0) pending.splice(at, 1);
    }
    this.bodies.release(context);
    this.#pipeline.next(socket);
  }

  /**
   * Takes no new connections, and resolves when the last one is closed. A connection without a request is closed after a while and
   * not at once: a client that is about to use it still gets a response, with `connection: close`. Responses that still run after
   * `limitMs`, or when `signal` aborts, are cut: each ends with an error that says so, and its connection is closed. `isPatient`: another
   * process takes the new connections meanwhile, so nothing hurries: the while begins with the last byte of each connection.
   */
  async drain(limitMs: number, signal: AbortSignal, isPatient = false): Promise<{ readonly cut: number }> {
    const sinceMs = performance.now();
    this.#stopping = true;
    for (const [socket, { pending }] of this.#open) {
      const last = pending.at(-1);
      if (last !== undefined && !this.#pipeline.has(socket)) closeAfter(last.outgoing);
    }
    // Connections on passed sockets do not come through this server's own socket.
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
      if (this.#open.size === 0) resolve();
    });
    const closed = new Promise<void>((resolve) => {
      // http.Server's own close() destroys idle connections at once.
      NetServer.prototype.close.call(this.#server, () => {
        resolve();
      });
    });
    let cut: number | undefined;
    const check = (): void => {
      const nowMs = performance.now();
      const spentMs = nowMs - sinceMs;
      if (cut !== undefined) this.#destroy(() => true);
      else if (spentMs >= limitMs || signal.aborted) cut = this.#cut();
      else if (isPatient) this.#closeQuiet(nowMs);
      else if (spentMs >= IDLE_GRACE_MS) this.#destroy((pending) => pending === 0);
    };
    check();
    const checking = setInterval(check, CHECK_MS);
    await Promise.all([closed, empty]);
    clearInterval(checking);
    return { cut: cut ?? 0 };
  }

  // A response that is not the last of its connection does not close it: Node would drop the requests behind it.
  #keepOpen({ pending }: Connection): void {
    const last = pending.at(-1)?.outgoing;
    if (last !== undefined && !last.headersSent) last.removeHeader('connection');
  }

  #closeQuiet(nowMs: number): void {
    for (const [socket, connection] of this.#open) {
      const { bytesRead } = socket;
      const isBusy = connection.pending.length + this.#pipeline.waitingOn(socket).length > 0;
      if (isBusy || bytesRead !== connection.bytesRead || connection.quietSinceMs === 0) {
        connection.bytesRead = bytesRead;
        connection.quietSinceMs = nowMs;
      } else if (nowMs - connection.quietSinceMs >= (bytesRead === 0 ? UNUSED_GRACE_MS : IDLE_GRACE_MS))
        socket.destroy();
    }
  }

  // No byte has moved on the connection for its time-out.
  #onStill(socket: Socket): void {
    // The client waits for the gateway, or sends a request: other limits hold. An idle connection has another time-out.
    if (socket.writableLength === 0 && socket.timeout === this.#server.timeout) return;
    for (const { context } of this.#open.get(socket)?.pending ?? []) context.record.ended = 'client-too-slow';
    socket.destroy();
  }

  // Returns the number of responses cut. Their last bytes have until the next check to leave.
  #cut(): number {
    let count = 0;
    for (const [socket, { pending }] of this.#open) {
      count += pending.length;
      for (const { context } of pending.slice()) context.response?.cut();
      socket.destroySoon();
    }
    return count;
  }

  #destroy(which: (pending: number) => boolean): void {
    for (const [socket, { pending }] of this.#open)
      if (which(pending.length + this.#pipeline.waitingOn(socket).length)) socket.destroy();
  }
}

function closeAfter(outgoing: ServerResponse): void {
  if (!outgoing.headersSent) outgoing.setHeader('connection', 'close');
}
