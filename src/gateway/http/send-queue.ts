import type { ServerResponse } from 'node:http';

/** Bytes handed to the socket at a time: so the client is seen to read, however long a text is. */
export const PIECE_BYTES = 64 * 1024;

/** So many bytes may wait for so long without any being read; more bytes may wait for less time. */
const MAX_LAG_BYTES = 1024 * 1024;
const MAX_STILL_MS = 30_000;

/** Bytes that may wait behind the text that is being sent, also for a client that reads. */
const MAX_BEHIND_BYTES = 64 * 1024 * 1024;

/**
 * The texts of a stream that wait for their client to read. A text may have any length: a client lags by the bytes that waited before
 * a text was added.
 */
export class SendQueue {
  readonly #outgoing: ServerResponse;
  #sending: Buffer = Buffer.alloc(0);
  #behind: Buffer[] = [];
  #behindBytes = 0;
  /** When the client was last seen to read, on the clock of `performance.now()`. */
  #movedMs = 0;

  constructor(outgoing: ServerResponse) {
    this.#outgoing = outgoing;
    outgoing.on('drain', () => {
      this.#movedMs = performance.now();
      this.#pump();
    });
  }

  /** Whether the client is too far behind the server to go on: it reads nothing, or far too little. */
  get lags(): boolean {
    const waitingBytes = this.#sending.length + this.#behindBytes;
    if (waitingBytes === 0) return false;
    // A response behind another one of its connection waits by no fault of the reader.
    const stillMs = this.#outgoing.socket === null ? 0 : performance.now() - this.#movedMs;
    return waitingBytes * stillMs > MAX_LAG_BYTES * MAX_STILL_MS || this.#behindBytes > MAX_BEHIND_BYTES;
  }

  /** Sends a text as the client reads. */
  add(text: string): void {
    if (this.#sending.length === 0) this.#movedMs = performance.now();
    const bytes = Buffer.from(text);
    this.#behind.push(bytes);
    this.#behindBytes += bytes.length;
    if (!this.#outgoing.writableNeedDrain) this.#pump();
  }

  /** Hands all texts to the socket: the stream is complete. */
  flush(): void {
    if (this.#sending.length > 0) this.#outgoing.write(this.#sending);
    for (const bytes of this.#behind) this.#outgoing.write(bytes);
    this.#sending = Buffer.alloc(0);
    this.#behind = [];
    this.#behindBytes = 0;
  }

  #pump(): void {
    do {
      if (this.#sending.length === 0) this.#takeNext();
      if (this.#sending.length === 0) return;
      const piece = this.#sending.subarray(0, PIECE_BYTES);
      this.#sending = this.#sending.subarray(PIECE_BYTES);
      if (!this.#outgoing.write(piece)) return;
    } while (!this.#outgoing.destroyed);
  }

  #takeNext(): void {
    const [first] = this.#behind;
    this.#sending =
      first !== undefined && this.#behind.length === 1 ? first : Buffer.concat(this.#behind, this.#behindBytes);
    this.#behind = [];
    this.#behindBytes = 0;
  }
}
