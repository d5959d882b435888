import { sha256 } from '../../../core/hash.ts';

/** Random for each process, so that only this process makes valid marks. */
const KEY = crypto.randomUUID();
const MARKS = 4;

/**
 * The `context` of a response of `/api/generate`, with a mark of the gateway behind it. An unknown token kills the whole Ollama
 * server (seen on 0.22.1), so only a context that a server gave for the same model goes back.
 */
export function markContext(tokens: readonly number[], model: string): readonly number[] {
  return [...tokens, ...marksOf(tokens, model)];
}

/** The tokens without the mark; `undefined` if the mark is not valid for this model. */
export function verifiedContext(context: readonly number[], model: string): readonly number[] | undefined {
  const tokens = context.slice(0, -MARKS);
  return marksOf(tokens, model).every((mark, index) => mark === context[tokens.length + index]) ? tokens : undefined;
}

// Small enough for clients that keep tokens in 32 bits.
function marksOf(tokens: readonly number[], model: string): readonly number[] {
  const hash = sha256(KEY + sha256(`${KEY} ${model} ${tokens.join(' ')}`));
  return Array.from({ length: MARKS }, (_, index) => Number.parseInt(hash.slice(index * 7, index * 7 + 7), 16));
}
