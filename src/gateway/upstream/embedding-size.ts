import { isObject } from '../json.ts';
import type { ModelRequest, ServerEvent, ServerFailure } from '../exchange.ts';

/** Bytes of a number in a vector that is sent as base64. */
const FLOAT_BYTES = 4;

/**
 * Whether a vector in these events has another length than the request's `dimensions`. Servers say nothing of it: Ollama ignores a number
 * above the model's own (seen on 0.22.1), llama.cpp every number.
 */
export function ignoresDimensions(request: ModelRequest, events: readonly ServerEvent[]): boolean {
  if (request.kind !== 'embed' || request.params.dimensions === undefined) return false;
  const { dimensions } = request.params;
  return events.some((event) => {
    const size = sizeIn(event);
    return size !== undefined && size !== dimensions;
  });
}

/** The failure of a request under `hxllm.strict` for `dimensions` that the model does not have. */
export const DIMENSIONS_NOT_SUPPORTED: ServerFailure = {
  kind: 'invalid',
  code: 'unsupported_parameter',
  param: 'dimensions',
  message: "Unsupported parameter: this model's embeddings cannot have the number of 'dimensions' that was asked for.",
  fault: 'request',
};

/** The length of the first vector of an event; every vector of a model has the same. */
function sizeIn(event: ServerEvent): number | undefined {
  if (event.kind === 'vectors') return event.vectors[0]?.length;
  if (event.kind !== 'verbatim') return undefined;
  const { data } = event.body;
  const first: unknown = Array.isArray(data) ? data[0] : undefined;
  const vector = isObject(first) ? first['embedding'] : undefined;
  if (typeof vector === 'string') return Buffer.byteLength(vector, 'base64') / FLOAT_BYTES;
  return Array.isArray(vector) ? vector.length : undefined;
}
