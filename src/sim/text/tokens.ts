// Words in pieces of up to five letters with the space before them, marks of a template whole, any other sign alone.
const TOKEN = /<\/?\w{1,12}>|\s?[\p{L}\p{M}\p{N}]{1,5}|\s?[^\s\p{L}\p{M}\p{N}]|\s/gu;

/** The token that begins every prompt and stands for no text. */
export const BOS = '';

/** Cuts text into tokens that give the text again when joined. */
export function tokenize(text: string): readonly string[] {
  return text.match(TOKEN) ?? [];
}

/** A prompt as a model counts it: with the token that begins it. */
export function promptTokens(text: string): readonly string[] {
  return [BOS, ...tokenize(text)];
}

/** Cuts a prompt that is too long as the runner does: its first tokens stay (four and the beginning), then its end; the rest goes. */
export function fitTokens(tokens: readonly string[], context: number): readonly string[] {
  if (tokens.length <= context) return tokens;
  const kept = Math.min(5, context);
  return [...tokens.slice(0, kept), ...tokens.slice(tokens.length - (context - kept))];
}
