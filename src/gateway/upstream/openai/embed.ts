import { areNumbers, isObject, type Json } from '../../json.ts';
import { vectorReader } from '../json-body-reader.ts';
import type { EmbedRequest, ServerEvent } from '../../exchange.ts';
import type { ResponseDecoder } from '../wire-request.ts';
import { bodyText } from './body-text.ts';
import { readUsage } from './usage.ts';

/** The body of `POST /embeddings` for a request in another dialect. */
export function openaiEmbedBody({ input, dimensions }: EmbedRequest, model: string, fields?: Json): string {
  return bodyText({ model, input, dimensions, encoding_format: 'float' }, fields);
}

/** Decodes the response of `/embeddings`, with vectors in any order and encoding. */
export function openaiEmbedDecoder(emit: (event: ServerEvent) => void, wanted: number): ResponseDecoder {
  return vectorReader(
    emit,
    wanted,
    vectorsIn,
    ({ usage }) => readUsage(usage) ?? { promptTokens: 0, completionTokens: 0 },
  );
}

function vectorsIn({ data }: Json): readonly (readonly number[])[] | undefined {
  if (!Array.isArray(data)) return undefined;
  const entries = (data as readonly unknown[]).filter(isObject); // an array of unknown items
  const vectors = entries.toSorted((a, b) => placeOf(a) - placeOf(b)).map(({ embedding }) => vectorIn(embedding));
  return vectors.every((vector) => vector !== undefined) ? vectors : undefined;
}

// Vectors without an index keep their position.
function placeOf({ index }: Json): number {
  return typeof index === 'number' ? index : 0;
}

function vectorIn(value: unknown): readonly number[] | undefined {
  if (typeof value === 'string') return unpacked(Buffer.from(value, 'base64'));
  return Array.isArray(value) && value.length > 0 && areNumbers(value) ? value : undefined;
}

// Little-endian 32-bit floats. By index and into a list of that length: Array.from takes 145 ms for 2,048 vectors of 4,096 numbers, this 35.
function unpacked(bytes: Buffer): readonly number[] | undefined {
  if (bytes.length === 0 || bytes.length % 4 !== 0) return undefined;
  // A copy of its own begins at a multiple of four.
  const { buffer, byteOffset } = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const floats = new Float32Array(buffer, byteOffset, bytes.length / 4);
  const numbers: number[] = [];
  numbers.length = floats.length;
  for (let index = 0; index < floats.length; index += 1) numbers[index] = floats[index] ?? 0;
  return numbers;
}
