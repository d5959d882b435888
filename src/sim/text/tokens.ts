// A token is up to five letters or digits with the space before them, a whole mark of the template, or one other
// character.
const TOKEN = /<\/?\w{1,12}>|\s?[\p{L}\p{M}\p{N}]{1,5}|\s?[^\s\p{L}\p{M}\p{N}]|\s/gu;

/** The token at the beginning of every prompt. It has no text. */
export const BOS = '';

/** Splits text into tokens. Joined, they give the text again. */
export function tokenize(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}

/** The tokens of a prompt, with the first one, {@link BOS}. */
export function promptTokens(text: string): readonly string[] {
  return [BOS, ...tokenize(text)];
}

/**
 * Cuts a prompt that is too long as the runner does: it keeps the first five tokens ({@link BOS} and four) and the end.
 */
export function fitTokens(tokens: readonly string[], context: number): readonly string[] {
  if (tokens.length <= context) return tokens;
  const kept = Math.min(5, context);
  return [...tokens.slice(0, kept), ...tokens.slice(tokens.length - (context - kept))];
}
