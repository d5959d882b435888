/** The line ending of a text; `\n` if it has none. */
function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

/** Appends a block of lines after an empty line. All existing bytes stay. */
export function appendBlock(text: string, lines: readonly string[]): string {
  const end = lineEndOf(text);
  const open = text !== '' && !/[\r\n]$/.test(text) ? end : '';
  const gap = text.trim() === '' || /(?:^|\n)[ \t]*\r?\n$/.test(text) ? '' : end;
  return `${text}${open}${gap}${lines.join(end)}${end}`;
}

/** Inserts lines after the line with this number (from 1; 0: before the first line). All existing bytes stay. */
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
