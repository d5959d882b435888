import { Refusal } from './refusal.ts';

const ESCAPED = /[<>&\u2028\u2029]/g;

/** Encodes JSON as Go does: escapes `<`, `>`, `&` and the two line separators, and leaves out `undefined` fields. */
export function goJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(ESCAPED, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Parses a body as Go's decoder does: it reads one value and ignores the text behind it. `empty` is the error for an
 * empty body.
 */
export function parseBody(text: string, empty: string): unknown {
  if (text.trim() === '') throw new Refusal(400, empty);
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = String(error);
    const odd = /Unexpected token '(.)'/su.exec(message)?.[1];
    if (odd !== undefined) throw new Refusal(400, `invalid character ${quoteSign(odd)} looking for beginning of value`);
    const position = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    // V8's message for text behind a complete value. Go's decoder does not read that far.
    if (message.includes('after JSON')) return JSON.parse(text.slice(0, position));
    if (position >= text.length || message.includes('Unterminated') || message.includes('Unexpected end'))
      throw new Refusal(400, 'unexpected EOF');
    throw new Refusal(400, `invalid character ${quoteSign(text.charAt(position))} looking for beginning of value`);
  }
}

/** A character as Go quotes it. */
function quoteSign(sign: string): string {
  const code = sign.charCodeAt(0);
  if (sign === "'") return String.raw`'\''`;
  return code < 0x20 ? `'\\x${code.toString(16).padStart(2, '0')}'` : `'${sign}'`;
}
