import { isObject, parseObject, type Json } from '../../dialect/json.ts';
import type { AnswerReader, EmbedRequest, ServerEvent } from '../../exchange.ts';
import { readUsage } from '../usage.ts';

/** The body of `POST /embeddings` for a request that came in another dialect. */
export function embedBody({ input, dimensions }: EmbedRequest, model: string): string {
  return JSON.stringify({ model, input, dimensions, encoding_format: 'float' });
}

/** Reads the answer of `/embeddings`: one JSON object, with as many vectors as texts were sent, in whichever order and encoding. */
export class VectorReader implements AnswerReader {
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
    const vectors = vectorsIn(json?.['data']);
    if (vectors === undefined || vectors.length !== this.#wanted) {
      this.#emit({ kind: 'failure', failure: { kind: 'upstream', code: 'backend_failed', fault: 'deployment', message: 'the backend did not send an embedding for each input' } });
      return;
    }
    this.#emit({ kind: 'vectors', vectors });
    this.#emit({ kind: 'end', reason: 'stop', usage: readUsage(json?.['usage']) ?? { promptTokens: 0, completionTokens: 0 } });
  }
}

function vectorsIn(data: unknown): readonly (readonly number[])[] | undefined {
  if (!Array.isArray(data)) return undefined;
  const entries = (data as readonly unknown[]).filter(isObject); // an array of what is not yet known
  const vectors = entries.toSorted((a, b) => placeOf(a) - placeOf(b)).map(({ embedding }) => vectorIn(embedding));
  return vectors.every((vector) => vector !== undefined) ? vectors : undefined;
}

// Those without an index stay where they are.
function placeOf({ index }: Json): number {
  return typeof index === 'number' ? index : 0;
}

function vectorIn(value: unknown): readonly number[] | undefined {
  if (typeof value === 'string') return unpacked(Buffer.from(value, 'base64'));
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number') ? value : undefined;
}

// Little-endian 32-bit floats.
function unpacked(bytes: Buffer): readonly number[] | undefined {
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}
