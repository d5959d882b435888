/**
 * Bash functions. `say KIND VALUE…` prints a line in which every value is one word: behind `=` as it is if it has only letters, digits and
 * `_./:@+,-`, else in base64. {@link decodeBase64} decodes a value. Three processes for each of three hundred values were most of what
 * a look at a host took.
 */
export const SAY = `b() { case $1 in '') printf ' -';; *[!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@+,-]*) printf ' %s' "$(printf %s "$1" | base64 -w0)";; *) printf ' =%s' "$1";; esac; }
say() { printf %s "$1"; shift; for v; do b "$v"; done; echo; }`;

/** Decodes a value of `say`, and the output of `base64 -w0` as UTF-8. `-` is the empty text. */
export function decodeBase64(text: string): string {
  if (text.startsWith('=')) return text.slice(1);
  return text === '-'
    ? ''
    : new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0));
}
