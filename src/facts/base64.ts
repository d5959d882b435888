/** Decodes what `base64 -w0` wrote of a UTF-8 text; `-` is nothing. */
export function decodeBase64(text: string): string {
  return text === '-' ? '' : new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.codePointAt(0) ?? 0));
}
