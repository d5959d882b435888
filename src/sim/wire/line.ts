import type { ServerResponse } from 'node:http';

const SHOWN = {
  json: 'application/json; charset=utf-8',
  plainJson: 'application/json',
  ndjson: 'application/x-ndjson',
  sse: 'text/event-stream',
  text: 'text/plain',
  plainText: 'text/plain; charset=utf-8',
  html: 'text/html; charset=utf-8',
} as const;

/** The content type of an answer. */
export type ContentKind = keyof typeof SHOWN;

/**
 * The connection to one client. It sends a whole answer or chunks. Writing to a client that has left is not an error.
 */
export class Line {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
    // Go sends no `Connection` header unless it closes the connection.
    response.removeHeader('Connection');
  }

  /** Whether any part of the answer was sent. */
  get begun(): boolean {
    return this.#response.headersSent;
  }

  /** Sends a whole answer with its length. */
  whole(status: number, kind: ContentKind, body: string, headers: Readonly<Record<string, string>> = {}): void {
    if (this.#response.destroyed) return;
    const bytes = Buffer.from(body);
    this.#response.writeHead(status, { ...headers, 'Content-Type': SHOWN[kind], 'Content-Length': bytes.byteLength });
    this.#response.end(bytes);
  }

  /** Sends a status without a body. */
  empty(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.#response.writeHead(status, status === 204 ? headers : { ...headers, 'Content-Length': 0 });
    this.#response.end();
  }

  /** Sends one HTTP chunk. Resolves when the client has taken it or has left. */
  async piece(status: number, kind: ContentKind, text: string): Promise<void> {
    const response = this.#response;
    if (response.destroyed) return;
    if (!response.headersSent)
      response.writeHead(status, { 'Content-Type': SHOWN[kind], 'Transfer-Encoding': 'chunked' });
    if (response.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        response.off('drain', done).off('close', done);
        resolve();
      };
      response.on('drain', done).on('close', done);
    });
  }

  /** Ends an answer that was sent in chunks. */
  end(): void {
    this.#response.end();
  }

  /**
   * Closes the connection, also in the middle of an answer: by FIN as a stopped server does, or by RST as a killed one
   * does.
   */
  sever(how: 'fin' | 'reset'): void {
    if (how === 'reset') this.#response.socket?.resetAndDestroy();
    else this.#response.socket?.destroySoon();
  }
}
