import { goJson } from './json.ts';
import type { Line } from './line.ts';
import { Refusal } from './refusal.ts';

/** How a handler answers, in bodies `T` of the native API; the OpenAI rooms say the same in their own words. */
export interface Reply<T> {
  /** The whole answer, 200. */
  whole(body: T): void;
  /** One piece of a stream; resolves when the client has taken it. */
  piece(body: T): Promise<void>;
  /** Says no: with the status while nothing was sent, else as a last piece. `streaming`: a stream had been promised. */
  refuse(status: number, message: string, streaming?: boolean): void;
  /** Sends what is not JSON, in the frame of a piece. */
  garbage(text: string): Promise<void>;
  end(): void;
}

/** Answers as the native API does: one JSON object, or one with a newline per chunk. */
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

/** Does the work of a handler; what it refuses is said by the reply. A refusal that is `raw` passes its shape by. */
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
