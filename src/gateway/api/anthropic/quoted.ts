/** A word that a client sent, fit to be told back to it. */
export function quoted(word: unknown): string {
  return typeof word === 'string' ? `'${word.slice(0, 64)}'` : 'null';
}
