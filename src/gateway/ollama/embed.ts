import { parseObject } from '../dialect/json.ts';
import type { AnswerReader, EmbedRequest, ServerEvent } from '../exchange.ts';
import type { Keeping } from './options.ts';
import { usageOf } from './usage.ts';

/** The body of `POST /api/embed`; of the older `/api/embeddings` for a plain vector, which the other does not give. A text that does not fit is refused instead of cut, unless the client asks for that by name. */
export function embedBody(request: EmbedRequest, keeping: Keeping): string {
  const options = Object.keys(keeping.options).length === 0 ? undefined : keeping.options;
  if (request.plain === true) return JSON.stringify({ model: keeping.model, prompt: request.input[0], keep_alive: keeping.keepAlive, options });
  return JSON.stringify({ model: keeping.model, input: request.input, truncate: request.truncate ?? false, dimensions: request.dimensions, keep_alive: keeping.keepAlive, options });
}

/** Reads the answer of `/api/embed`, or of the older `/api/embeddings`: one JSON object, with as many vectors as texts were sent. */
export class EmbedReader implements AnswerReader {
  readonly #emit: (event: ServerEvent) => void;
  readonly #wanted: number;
  readonly #pieces: Buffer[] = [];

  constructor(emit: (event: ServerEvent) => void, wanted: number) {
    this.#emit = emit;
    this.#wanted = wanted;
  }

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
  }

  end(): void {
    const json = parseObject(Buffer.concat(this.#pieces).toString('utf8'));
    const vectors = json?.['embeddings'] ?? [json?.['embedding']];
    if (json === undefined || !isVectors(vectors) || vectors.length !== this.#wanted) {
      this.#emit({ kind: 'failure', failure: { kind: 'upstream', code: 'backend_failed', fault: 'deployment', message: 'the backend did not send an embedding for each input' } });
      return;
    }
    this.#emit({ kind: 'vectors', vectors });
    this.#emit({ kind: 'end', reason: 'stop', usage: usageOf(json) });
  }
}

function isVectors(value: unknown): value is readonly (readonly number[])[] {
  return Array.isArray(value) && value.every((vector) => Array.isArray(vector) && vector.every((item) => typeof item === 'number'));
}
