import { isObject, type Json } from '../../json.ts';
import type { ResponseEncoder } from '../../client-dialect.ts';
import type { EmbedRequest, ServerEvent, Usage } from '../../exchange.ts';

/** Gathers the one body of an embeddings answer; `base64` is little-endian 32-bit floats, as the SDKs ask for by default. */
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

  /** The body, once the end has come. */
  body({ promptTokens }: Usage): string {
    const { model, base64 } = this.#request;
    if (this.#verbatim !== undefined)
      return JSON.stringify({ ...this.#verbatim, ...this.#told(this.#verbatim['data']), model });
    const data = this.#vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? packed(vector) : vector,
    }));
    return JSON.stringify({
      object: 'list',
      data,
      model,
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    });
  }

  // Servers that know only one encoding send that, and the SDKs take it for the one that they asked for.
  #told(data: unknown): Json {
    if (!Array.isArray(data) || !this.#request.base64) return {};
    return {
      data: data.map((entry: unknown) =>
        isObject(entry) && isVector(entry['embedding']) ? { ...entry, embedding: packed(entry['embedding']) } : entry,
      ),
    };
  }
}

function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

function packed(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}
