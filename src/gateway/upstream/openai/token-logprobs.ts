import { isObject } from '../../json.ts';

/** The tokens of a choice with their log probabilities, as chats have them; `/completions` has parallel lists. */
export function logprobTokens(logprobs: unknown): readonly unknown[] | undefined {
  if (!isObject(logprobs)) return undefined;
  const { content, tokens, token_logprobs: values, top_logprobs: tops } = logprobs;
  if (Array.isArray(content)) return content;
  if (!Array.isArray(tokens)) return undefined;
  const at = (list: unknown, index: number): unknown =>
    Array.isArray(list) ? (list as readonly unknown[])[index] : undefined; // an array of unknown items
  return tokens.map((token: unknown, index) => {
    const top = at(tops, index);
    const others = isObject(top) ? Object.entries(top) : [];
    return {
      token,
      logprob: at(values, index) ?? null,
      bytes: null,
      top_logprobs: others.map(([other, logprob]) => ({ token: other, logprob, bytes: null })),
    };
  });
}
