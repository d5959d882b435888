import type { Usage } from '../exchange.ts';

/** The body of an embeddings answer; `base64` is little-endian 32-bit floats, as the SDKs ask for by default. */
export function embeddingsBody(model: string, vectors: readonly (readonly number[])[], base64: boolean, usage: Usage): string {
  const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: base64 ? packed(vector) : vector }));
  return JSON.stringify({ object: 'list', data, model, usage: { prompt_tokens: usage.promptTokens, total_tokens: usage.promptTokens } });
}

function packed(vector: readonly number[]): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}
