import type { Ending, Metrics } from '../native/body.ts';
import { goJson } from '../wire/json.ts';
import type { Line } from '../wire/line.ts';
import type { Reply } from '../wire/reply.ts';
import { failureBody } from './failure.ts';

/** Converts the native bodies of an endpoint into those of /v1. */
export interface Translation<T> {
  whole(body: T): object;
  /** Builds the chunks of one native chunk, without the usage. */
  chunks(body: T): readonly object[];
  /** The chunk with the usage. */
  usage(body: T): object;
  /** The native body for an error in the middle of a stream, which Ollama's middleware reads as a chunk. */
  readonly nothing: T;
}

/** The stream options of a request. */
export interface StreamWish {
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Token counts under OpenAI's names. */
export function usageOf(metrics: Metrics): {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
} {
  const [prompt, completion] = [metrics.prompt_eval_count ?? 0, metrics.eval_count ?? 0];
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** Sends a native handler's answer in OpenAI's format, as Ollama's middleware does. */
export class OpenAiReply<T extends Ending & Metrics> implements Reply<T> {
  readonly #line: Line;
  readonly #translation: Translation<T>;
  readonly #wish: StreamWish;

  constructor(line: Line, translation: Translation<T>, wish: StreamWish) {
    this.#line = line;
    this.#translation = translation;
    this.#wish = wish;
  }

  whole(body: T): void {
    // A load request is answered with one native body. A client that asked for a stream gets a stream all the same.
    if (this.#wish.stream) void this.piece(body).then(() => this.end());
    else this.#line.whole(200, 'plainJson', `${goJson(this.#translation.whole(body))}\n`);
  }

  /** Sends all chunks that follow from one native chunk in one write. */
  async piece(body: T): Promise<void> {
    const events = [...this.#translation.chunks(body)];
    if (body.done && this.#wish.includeUsage) events.push(this.#translation.usage(body));
    const lines = events.map((event) => `data: ${goJson(event)}\n\n`);
    await this.#line.piece(200, 'sse', `${lines.join('')}${body.done ? 'data: [DONE]\n\n' : ''}`);
  }

  refuse(status: number, message: string): void {
    if (!this.#line.begun) {
      this.#line.whole(status, 'plainJson', `${failureBody(status, message)}\n`);
      return;
    }
    // Ollama's middleware reads the error as if it were a chunk: it sends an empty chunk without a model, then ends the
    // stream.
    void this.piece(this.#translation.nothing).then(() => this.end());
  }

  async garbage(text: string): Promise<void> {
    await this.#line.piece(200, 'sse', `data: ${text}\n\n`);
  }

  end(): void {
    this.#line.end();
  }
}
