import { Random } from '../../../src/simulation/random.ts';
import type { SimRequest } from '../../../src/simulation/request.ts';

/** A message of a request. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Tokens that the template of the simulated server adds to a message, and those of the request for a length. */
const TEMPLATE_TOKENS = 5;
const LENGTH_TOKENS = 7;

/**
 * The messages of a request. `answers` are the texts of its conversation so far, oldest first: an answer that never came is written
 * anew. A message has as many tokens to the simulated server as its part of the prefix, and ends by asking for the length of the answer.
 */
export function messagesOf(request: SimRequest, answers: readonly (string | undefined)[]): readonly Message[] {
  const { prefix, outputTokens } = request;
  // A system prompt, or none, then questions and answers in turn.
  const isLed = prefix.length % 2 === 0;
  return prefix.map(({ hash, tokens }, index) => {
    const length = tokens - (prefix[index - 1]?.tokens ?? 0) - TEMPLATE_TOKENS;
    const turn = isLed ? index - 1 : index;
    if (turn === -1) return { role: 'system', content: words(hash, length) };
    if (turn % 2 === 1) return { role: 'assistant', content: answers[(turn - 1) / 2] ?? words(hash, length) };
    const question = words(hash, length - LENGTH_TOKENS);
    const wanted = index === prefix.length - 1 ? outputTokens : 1;
    return { role: 'user', content: `${question} Answer in ${String(wanted)} tokens.` };
  });
}

/** Words of three letters, each of which is a token; the same for the same hash. */
function words(hash: number, count: number): string {
  const random = new Random(hash % 2 ** 32, String(hash));
  const letter = (): string => String.fromCodePoint(97 + random.below(26));
  return Array.from({ length: Math.max(1, count) }, () => `${letter()}${letter()}${letter()}`).join(' ');
}
