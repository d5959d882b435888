import { sha256 } from '../../../core/hash.ts';

/** Nobody else can make a mark: it is this process's, and goes with it. */
const KEY = crypto.randomUUID();
const MARKS = 4;

/**
 * The tokens of a conversation, as `/api/generate` gives them to go on from, with a mark of ours behind them. Ollama dies, as a whole,
 * of a token that its model does not have (seen on 0.22.1), so it gets back only what a server gave for the same model.
 */
export function markContext(tokens: readonly number[], model: string): readonly number[] {
  return [...tokens, ...marksOf(tokens, model)];
}

/** The tokens alone; `undefined` where the mark is not ours for this model. */
export function verifiedContext(context: readonly number[], model: string): readonly number[] | undefined {
  const tokens = context.slice(0, -MARKS);
  return marksOf(tokens, model).every((mark, index) => mark === context[tokens.length + index]) ? tokens : undefined;
}

// As small as tokens may be, for clients that keep them in 32 bits.
function marksOf(tokens: readonly number[], model: string): readonly number[] {
  const hash = sha256(KEY + sha256(`${KEY} ${model} ${tokens.join(' ')}`));
  return Array.from({ length: MARKS }, (_, index) => Number.parseInt(hash.slice(index * 7, index * 7 + 7), 16));
}
