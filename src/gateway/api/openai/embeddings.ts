import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { EmbedRequest, ServerEvent, Usage } from '../../exchange.ts';

/** Collects the body of an embeddings response. `base64` encodes little-endian 32-bit floats; the SDKs request it by default. */
export class Embeddings implements ResponseEncoder {
  readonly #request: EmbedRequest;
  #vectors: readonly (readonly number[])[] = [];
  #verbatim: Json | undefined;

  constructor(request: EmbedRequest) {
    this.#request = request;
  }

  encode(event: ServerEvent): string {
    if (event.kind === 'vectors') this.#vectors = event.vectors;
    else if (event.kind === 'verbatim') this.#verbatim = event.body;
    return '';
  }

  /** The body, complete after the `end` event. */
  body({ promptTokens }: Usage): string {
    const { model, base64 } = this.#request;
    if (this.#verbatim !== undefined)
      return JSON.stringify({ ...this.#verbatim, ...this.#recodedData(this.#verbatim['data']), model });
    const data = this.#vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? toBase64(vector) : vector,
    }));
    return JSON.stringify({
      object: 'list',
      data,
      model,
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    });
  }

  // A server that supports only one encoding sends numbers, and the SDKs would decode them as the base64 that they requested.
  #recodedData(data: unknown): Json {
    if (!Array.isArray(data) || !this.#request.base64) return {};
    return {
      data: data.map((entry: unknown) =>
        isObject(entry) && isVector(entry['embedding']) ? { ...entry, embedding: toBase64(entry['embedding']) } : entry,
      ),
    };
  }
}

function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}
