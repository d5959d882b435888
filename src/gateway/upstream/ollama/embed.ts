import { areNumbers, type Json } from '../../json.ts';
import { vectorReader } from '../json-body-reader.ts';
import type { EmbedRequest, ServerEvent } from '../../exchange.ts';
import type { ResponseDecoder } from '../wire-request.ts';
import type { AliasSettings } from './options.ts';
import { usageOf } from './usage.ts';

/**
 * The body of `POST /api/embed`, or of the older `/api/embeddings` for a plain vector, which `/api/embed` does not give. A text
 * that does not fit is refused instead of cut, unless the client asks for that by name.
 */
export function ollamaEmbedBody(request: EmbedRequest, settings: AliasSettings): string {
  const options = Object.keys(settings.options).length === 0 ? undefined : settings.options;
  if (request.plain === true)
    return JSON.stringify({ model: settings.model, prompt: request.input[0], keep_alive: settings.keepAlive, options });
  return JSON.stringify({
    model: settings.model,
    input: request.input,
    truncate: request.cut === true,
    dimensions: request.dimensions,
    keep_alive: settings.keepAlive,
    options,
  });
}

/** Decodes the response of `/api/embed`, or of the older `/api/embeddings`. */
export function ollamaEmbedDecoder(emit: (event: ServerEvent) => void, wanted: number): ResponseDecoder {
  return vectorReader(emit, wanted, vectorsIn, usageOf);
}

function vectorsIn({ embeddings, embedding }: Json): readonly (readonly number[])[] | undefined {
  const vectors = embeddings ?? [embedding];
  return isVectors(vectors) ? vectors : undefined;
}

function isVectors(value: unknown): value is readonly (readonly number[])[] {
  return Array.isArray(value) && value.every((vector) => Array.isArray(vector) && areNumbers(vector));
}
