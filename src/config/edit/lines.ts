/** The line ending that a text has; `\n` where it has none. */
function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** Puts a block of lines at the end, after an empty line; every byte that was there stays. */
export function appendBlock(text: string, lines: readonly string[]): string {
  const end = lineEndOf(text);
  const open = text !== '' && !/[\r\n]$/.test(text) ? end : '';
  const gap = text.trim() === '' || /(?:^|\n)[ \t]*\r?\n$/.test(text) ? '' : end;
  return `${text}${open}${gap}${lines.join(end)}${end}`;
}

/** Puts lines after the line with this number (from 1; 0: before the first); every byte that was there stays. */
export function insertAfterLine(text: string, line: number, lines: readonly string[]): string {
  const end = lineEndOf(text);
  let offset = 0;
  for (let count = 0; count < line; count += 1) {
    const next = text.indexOf('\n', offset);
    if (next < 0) return `${text}${end}${lines.join(end)}${end}`;
    offset = next + 1;
  }
  return `${text.slice(0, offset)}${lines.join(end)}${end}${text.slice(offset)}`;
}
