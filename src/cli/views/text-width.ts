import stringWidth from 'string-width';

const SEGMENTER = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const PRINTABLE_ASCII = /^[ -~]*$/;

/** The columns that a text takes on a terminal: two for a wide character (CJK, emoji), none for a combining one. */
export function textWidth(text: string): number {
  // Most texts are plain; the classes of Unicode take 40 ms to compile when they are first used.
  return PRINTABLE_ASCII.test(text) ? text.length : stringWidth(text);
}

/** The beginning of a text, at most `columns` wide, without half a character. */
export function cutToWidth(text: string, columns: number): string {
  let cut = '';
  let left = columns;
  for (const { segment } of SEGMENTER.segment(text)) {
    left -= textWidth(segment);
    if (left < 0) break;
    cut += segment;
  }
  return cut;
}
