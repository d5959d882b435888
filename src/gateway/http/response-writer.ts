import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ErrorResponse } from '../client-dialect.ts';
import { PIECE_BYTES, SendQueue } from './send-queue.ts';

/** Silence after which a stream sends its keep-alive text, ms. */
const SILENCE_MS = 15_000;

/** The parts of a response that depend on its request. */
export interface ResponseWriterOptions {
  /** Content type of a stream. */
  readonly streamType: string;
  /** The keep-alive text of a stream; `undefined` for a response that is sent whole. */
  readonly keepAlive: string | undefined;
  /** Headers of a 200, as known when they are sent, in an object of the caller's own. */
  readonly headers: () => OutgoingHttpHeaders;
  /** The client did not read its response, and was dropped. */
  readonly onLag: () => void;
}

/**
 * Writes one response to its client, in chunks or whole. It never waits for the client, so that the backend is never made to wait: a
 * client that lags is dropped.
 */
export class ResponseWriter {
  readonly #outgoing: ServerResponse;
  readonly #options: ResponseWriterOptions;
  /** Set from the first text that the socket does not take at once. */
  #queue: SendQueue | undefined;
  readonly #silence: NodeJS.Timeout | undefined;

  constructor(outgoing: ServerResponse, options: ResponseWriterOptions) {
    this.#outgoing = outgoing;
    this.#options = options;
    const { keepAlive } = options;
    if (keepAlive !== undefined)
      this.#silence = setInterval(() => {
        this.writeChunk(keepAlive);
      }, SILENCE_MS);
  }

  /** Whether the status has been sent: from then on only an error frame can report a failure. */
  get begun(): boolean {
    return this.#outgoing.headersSent;
  }

  /** Sends a chunk of a stream. */
  writeChunk(text: string): void {
    const outgoing = this.#outgoing;
    if (outgoing.destroyed) return;
    this.#begin();
    this.#silence?.refresh();
    if (this.#queue === undefined && text.length < PIECE_BYTES && !outgoing.writableNeedDrain) outgoing.write(text);
    else this.#enqueue(text);
  }

  /** Sends the last chunk of a stream. */
  end(text: string): void {
    this.close();
    if (this.#outgoing.destroyed) return;
    this.#begin();
    this.#queue?.flush();
    // node:http counts the bytes of a text and then writes them: 25 ms for 7 MiB, and 6 as bytes.
    this.#outgoing.write(text.length < PIECE_BYTES ? text : Buffer.from(text));
    this.#outgoing.end();
  }

  /** Sends a whole response, as a text or as its bytes in pieces. */
  send(given: string | readonly Buffer[]): void {
    this.close();
    if (this.#outgoing.destroyed) return;
    const body = typeof given === 'string' && given.length >= PIECE_BYTES ? [Buffer.from(given)] : given;
    const length =
      typeof body === 'string' ? Buffer.byteLength(body) : body.reduce((sum, piece) => sum + piece.length, 0);
    const headers = this.#options.headers();
    headers['content-type'] = 'application/json';
    headers['content-length'] = length;
    this.#outgoing.writeHead(200, headers);
    if (typeof body === 'string') this.#outgoing.end(body);
    else {
      this.#sendFrom(body, 0);
    }
  }

  // 170 MB of embeddings at once would take a turn of 50 ms. The length is known to the client, so a response that ends early is cut.
  #sendFrom(pieces: readonly Buffer[], from: number): void {
    const outgoing = this.#outgoing;
    for (let index = from; index < pieces.length; index += 1) {
      if (outgoing.write(pieces[index])) continue;
      outgoing.once('drain', () => {
        this.#sendFrom(pieces, index + 1);
      });
      return;
    }
    outgoing.end();
  }

  /** Sends an error response, if nothing has been sent yet; `headers` are added to its own. */
  sendError(refusal: ErrorResponse, headers: Readonly<Record<string, string>> = {}): void {
    this.close();
    sendWhole(this.#outgoing, refusal, headers);
  }

  /** Stops the keep-alive text. */
  close(): void {
    clearInterval(this.#silence);
  }

  #begin(): void {
    if (this.begun) return;
    const headers = this.#options.headers();
    headers['content-type'] = this.#options.streamType;
    headers['cache-control'] = 'no-cache';
    headers['x-accel-buffering'] = 'no';
    this.#outgoing.writeHead(200, headers);
  }

  #enqueue(text: string): void {
    this.#queue ??= new SendQueue(this.#outgoing);
    if (this.#queue.lags) this.#drop();
    else this.#queue.add(text);
  }

  #drop(): void {
    this.close();
    this.#options.onLag();
    this.#outgoing.destroy();
  }
}

/** Sends a response that is whole, such as an error, unless the client has left. */
export function sendWhole(
  outgoing: ServerResponse,
  { status, headers, body }: ErrorResponse,
  more: Readonly<Record<string, string>> = {},
): void {
  if (outgoing.destroyed || outgoing.headersSent) return;
  // The router sets the headers of a request first.
  outgoing.writeHead(status, { ...more, ...headers, 'content-length': Buffer.byteLength(body) });
  outgoing.end(body);
}
