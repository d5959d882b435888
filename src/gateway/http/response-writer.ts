import type { ServerResponse } from 'node:http';
import type { ErrorResponse } from '../client-dialect.ts';

/** What a client may lag behind, in bytes; beyond it the client is dropped, since the server that answers is never made to wait. */
export const MAX_LAG_BYTES = 1024 * 1024;

/** Silence after which a stream says that it is still there. */
export const SILENCE_MS = 15_000;

const STREAM_HEADERS = { 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };

/** What an outlet needs to know of its request. */
export interface ResponseWriterOptions {
  /** Content type of a stream. */
  readonly streamType: string;
  /** What fills silence; `undefined` for an answer in one piece. */
  readonly keepAlive: string | undefined;
  /** Headers of a 200, as known when they leave. */
  readonly headers: () => Readonly<Record<string, string>>;
  /** The client did not read what it was sent, and is gone now. */
  readonly onLag: () => void;
}

/** Writes one answer to its client, piece by piece or whole, without ever waiting for it. */
export class ResponseWriter {
  readonly #outgoing: ServerResponse;
  readonly #options: ResponseWriterOptions;
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

  /** Whether the status has left: from then on only a frame can tell of a failure. */
  get begun(): boolean {
    return this.#outgoing.headersSent;
  }

  /** A piece of a stream. */
  writeChunk(text: string): void {
    if (this.#outgoing.destroyed) return;
    if (!this.begun)
      this.#outgoing.writeHead(200, {
        'content-type': this.#options.streamType,
        ...STREAM_HEADERS,
        ...this.#options.headers(),
      });
    this.#outgoing.write(text);
    this.#silence?.refresh();
    if (this.#outgoing.writableLength > MAX_LAG_BYTES) this.#drop();
  }

  /** The last piece of a stream. */
  end(text: string): void {
    this.writeChunk(text);
    this.close();
    this.#outgoing.end();
  }

  /** An answer in one piece. */
  send(body: string): void {
    this.close();
    if (this.#outgoing.destroyed) return;
    this.#outgoing.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...this.#options.headers(),
    });
    this.#outgoing.end(body);
  }

  /** A refusal, while nothing has left yet; `headers` are added to its own. */
  sendError(refusal: ErrorResponse, headers: Readonly<Record<string, string>> = {}): void {
    this.close();
    sendWhole(this.#outgoing, refusal, headers);
  }

  /** Stops filling silence. */
  close(): void {
    clearInterval(this.#silence);
  }

  #drop(): void {
    this.close();
    this.#options.onLag();
    this.#outgoing.destroy();
  }
}

/** Sends an answer that is whole, such as a refusal, unless the client has left. */
export function sendWhole(
  outgoing: ServerResponse,
  { status, headers, body }: ErrorResponse,
  more: Readonly<Record<string, string>> = {},
): void {
  if (outgoing.destroyed || outgoing.headersSent) return;
  outgoing.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), ...more });
  outgoing.end(body);
}
