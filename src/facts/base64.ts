/**
 * Bash functions. `say KIND VALUE…` prints a line with its values in base64, so that any text is one word. {@link
 * decodeBase64} decodes a value.
 */
export const SAY = `b() { if [ -z "$1" ]; then printf ' -'; else printf ' %s' "$(printf %s "$1" | base64 -w0)"; fi; }
say() { printf %s "$1"; shift; for v; do b "$v"; done; echo; }`;

/** Decodes the output of `base64 -w0` as UTF-8. `-` is the empty text. */
export function decodeBase64(text: string): string {
  return text === '-'
    ? ''
    : new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0));
}
