/** Quotes a client's value for an error message, shortened to 64 characters. */
export function quotedValue(word: unknown): string {
  return typeof word === 'string' ? `'${word.slice(0, 64)}'` : 'null';
}
