import type { Ending, Metrics } from '../native/body.ts';
import { goJson } from '../wire/json.ts';
import type { Line } from '../wire/line.ts';
import type { Reply } from '../wire/reply.ts';
import { failureBody } from './failure.ts';

/** How an endpoint of /v1 turns a native body into its own. */
export interface Translation<T> {
  whole(body: T): object;
  /** The chunks of one native piece; the last one of all has no usage yet. */
  chunks(body: T): readonly object[];
  /** The chunk with the usage. */
  usage(body: T): object;
  /** What a native error in the middle of a stream looks like when it is read as a piece. */
  readonly nothing: T;
}

/** What the client asked of a stream. */
export interface StreamWish {
  readonly stream: boolean;
  readonly includeUsage: boolean;
}

/** Counts as OpenAI names them. */
export function usageOf(metrics: Metrics): {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
} {
  const [prompt, completion] = [metrics.prompt_eval_count ?? 0, metrics.eval_count ?? 0];
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** Answers in OpenAI's words what a native handler says, as Ollama's middleware does. */
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
    // Even a stream's answer may come whole (a model that was only loaded); it is a stream all the same.
    if (this.#wish.stream) void this.piece(body).then(() => this.end());
    else this.#line.whole(200, 'plainJson', `${goJson(this.#translation.whole(body))}\n`);
  }

  /** One write for all that follows from one native piece. */
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
    // The middleware reads the error as if it were a piece: an empty one without a model, and then the stream ends.
    void this.piece(this.#translation.nothing).then(() => this.end());
  }

  async garbage(text: string): Promise<void> {
    await this.#line.piece(200, 'sse', `data: ${text}\n\n`);
  }

  end(): void {
    this.#line.end();
  }
}
