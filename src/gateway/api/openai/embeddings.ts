import { areNumbers, isObject, type Json } from '../../json.ts';
import { isLong, jsonPieces } from '../dialect/json-pieces.ts';
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
  body(usage: Usage): string {
    return [...this.#pieces(usage)].join('');
  }

  /** The same in pieces, if it is large. */
  bodyInPieces(usage: Usage): Iterable<string> | undefined {
    return isLong(this.#data) ? this.#pieces(usage) : undefined;
  }

  get #data(): readonly unknown[] {
    const { data } = this.#verbatim ?? { data: this.#vectors };
    return Array.isArray(data) ? data : [];
  }

  #pieces({ promptTokens }: Usage): Iterable<string> {
    const { model, base64 } = this.#request;
    const data = this.#data;
    if (this.#verbatim !== undefined)
      return jsonPieces({ ...this.#verbatim, model }, 'data', data, base64 ? recoded : undefined);
    const usage = { prompt_tokens: promptTokens, total_tokens: promptTokens };
    return jsonPieces({ object: 'list', data, model, usage }, 'data', data, (item, index) => ({
      object: 'embedding',
      index,
      embedding: base64 && isVector(item) ? toBase64(item) : item,
    }));
  }
}

// A server that supports only one encoding sends numbers, and the SDKs would decode them as the base64 that they requested.
function recoded(entry: unknown): unknown {
  return isObject(entry) && isVector(entry['embedding'])
    ? { ...entry, embedding: toBase64(entry['embedding']) }
    : entry;
}

function isVector(value: unknown): value is readonly number[] {
  return Array.isArray(value) && areNumbers(value);
}

function toBase64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64');
}
