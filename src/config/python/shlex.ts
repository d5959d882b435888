/**
 * Splits a line as Python's `shlex.split(line, comments=True)` does in POSIX mode: quotes, backslashes, and an unquoted
 * `#` that ends the line even inside a word. Returns the reason if a quote is not closed.
 */
export function splitWords(
  line: string,
  options: { readonly comments: boolean },
): { readonly ok: true; readonly words: readonly string[] } | { readonly ok: false; readonly reason: string } {
  const words: string[] = [];
  let word: string | undefined;
  let index = 0;
  while (index < line.length) {
    const sign = line.charAt(index);
    index += 1;
    if (options.comments && sign === '#') break;
    if (/[ \t\r\n]/.test(sign)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (sign === '\\') {
      if (index >= line.length) return { ok: false, reason: 'No escaped character' };
      word = (word ?? '') + line.charAt(index);
      index += 1;
    } else if (sign === "'" || sign === '"') {
      const quoted = readQuoted(line, index, sign);
      if (quoted === undefined) return { ok: false, reason: 'No closing quotation' };
      word = (word ?? '') + quoted.text;
      index = quoted.end;
    } else {
      word = (word ?? '') + sign;
    }
  }
  if (word !== undefined) words.push(word);
  return { ok: true, words };
}

function readQuoted(
  line: string,
  start: number,
  quote: string,
): { readonly text: string; readonly end: number } | undefined {
  let text = '';
  for (let index = start; index < line.length; index += 1) {
    const sign = line.charAt(index);
    if (sign === quote) return { text, end: index + 1 };
    // Inside double quotes a backslash escapes only itself and the quote; otherwise it stays.
    const next = line.charAt(index + 1);
    if (sign === '\\' && quote === '"' && (next === '"' || next === '\\')) {
      text += next;
      index += 1;
    } else text += sign;
  }
  return undefined;
}
