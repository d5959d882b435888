import { goJson } from './json.ts';
import type { Line } from './line.ts';
import { Refusal } from './refusal.ts';

/** Sends an answer, in bodies `T` of the native API. The OpenAI version converts them. */
export interface Reply<T> {
  /** Sends the whole answer with status 200. */
  whole(body: T): void;
  /** Sends one chunk of a stream. Resolves when the client has taken it. */
  piece(body: T): Promise<void>;
  /**
   * Sends an error: with its status if nothing was sent yet, otherwise as the last chunk. `streaming`: the request
   * asked for a stream.
   */
  refuse(status: number, message: string, streaming?: boolean): void;
  /** Sends text that is not JSON, framed as a chunk. */
  garbage(text: string): Promise<void>;
  end(): void;
}

/** Sends answers in the format of the native API: one JSON object, or one line of JSON for each chunk. */
export class NativeReply<T> implements Reply<T> {
  readonly #line: Line;

  constructor(line: Line) {
    this.#line = line;
  }

  whole(body: T): void {
    this.#line.whole(200, 'json', goJson(body));
  }

  async piece(body: T): Promise<void> {
    await this.#line.piece(200, 'ndjson', `${goJson(body)}\n`);
  }

  refuse(status: number, message: string, streaming = false): void {
    const error = goJson({ error: message });
    if (!this.#line.begun) {
      this.#line.whole(status, streaming ? 'plainJson' : 'json', error);
      return;
    }
    void this.#line.piece(200, 'ndjson', `${error}\n`).then(() => this.#line.end());
  }

  async garbage(text: string): Promise<void> {
    await this.#line.piece(200, 'ndjson', `${text}\n`);
  }

  end(): void {
    this.#line.end();
  }
}

/** Runs a handler and sends its Refusal through the reply. A `raw` Refusal is thrown on. */
export async function refusing<R extends Pick<Reply<never>, 'refuse'>>(
  reply: R,
  work: (reply: R) => Promise<void>,
  streaming = false,
): Promise<void> {
  try {
    await work(reply);
  } catch (error) {
    if (!(error instanceof Refusal) || error.raw) throw error;
    reply.refuse(error.status, error.message, streaming);
  }
}
