import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Requests of one connection that are served at a time. */
export const MOST_SERVED = 8;
/** Requests behind them, and bytes of their bodies, from which on the connection is read no further. */
const MOST_WAITING = 64;
const MOST_WAITING_BYTES = 128 * 1024;

interface WaitingRequest {
  readonly outgoing: ServerResponse;
  readonly serve: () => void;
}

/**
 * The pipelined requests that wait for earlier ones of their connection. 64 KiB hold 2,000 requests and are parsed in a row: to begin all
 * of them took 0.2 s, also without a key; Node reads up to 2 MiB in a row, whose chats took 1.1 s. Each begins in a turn of its own.
 */
export class Pipeline {
  readonly #waiting = new Map<Socket, WaitingRequest[]>();

  /** The waiting requests of a connection. */
  waitingOn(socket: Socket): readonly WaitingRequest[] {
    return this.#waiting.get(socket) ?? [];
  }

  /** Whether requests of a connection wait. */
  has(socket: Socket): boolean {
    return this.#waiting.has(socket);
  }

  /** Has a request wait until `next` was called for it. */
  add(socket: Socket, request: WaitingRequest): void {
    const waiting = this.#waiting.get(socket);
    if (waiting === undefined) this.#waiting.set(socket, [request]);
    else if (waiting.push(request) >= MOST_WAITING || bodyBytes(waiting) >= MOST_WAITING_BYTES) pauseReading(socket);
  }

  /** Begins the next request of a connection, if one waits: an earlier one has ended. */
  next(socket: Socket): void {
    if (!this.has(socket)) return;
    setImmediate(() => {
      const waiting = this.#waiting.get(socket);
      const request = waiting?.shift();
      if (request === undefined) return;
      if (waiting?.length === 0) {
        this.#waiting.delete(socket);
        socket.resume();
      }
      request.serve();
    });
  }

  /** The connection is closed. */
  forget(socket: Socket): void {
    this.#waiting.delete(socket);
  }
}

// Node reads 64 KiB of a body that nobody takes, and no limit of bodies counts them.
function bodyBytes(waiting: readonly WaitingRequest[]): number {
  let bytes = 0;
  for (const { outgoing } of waiting) bytes += outgoing.req.readableLength;
  return bytes;
}

// Node resumes the connection in the tick behind each request, for its body (`IncomingMessage._read`): the pause comes behind that tick, and
// before the next read. A client that leaves is not noticed during the pause, before a response to it is written.
function pauseReading(socket: Socket): void {
  process.nextTick(() => {
    process.nextTick(() => {
      socket.pause();
    });
  });
}
