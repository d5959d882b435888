import { printable } from '../../core/printable.ts';
import { cutToWidth, textWidth } from './text-width.ts';

/** A stretch of text in one style. */
export interface Span {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** Never wrapped, so that a command can be copied whole. */
  readonly whole?: boolean;
}

/** The indent of a block's first line, of its further lines, and its width. */
export interface Shape {
  readonly indent: number;
  readonly hang: number;
  readonly columns: number;
}

interface Word {
  readonly text: string;
  readonly shown: string;
  /** Begins a new line. */
  readonly breaks: boolean;
}

// Narrower text is not readable, so the terminal may wrap it.
const MIN_COLUMNS = 30;

/** Lays out spans as lines of words that end in a newline. A word that is longer than the line stays whole. */
export function flow(spans: readonly Span[], shape: Shape): string {
  const columns = Math.max(shape.columns, MIN_COLUMNS);
  let out = ' '.repeat(shape.indent);
  let column = shape.indent;
  let fresh = true;
  for (const word of spans.flatMap(wordsOf)) {
    const width = textWidth(word.text);
    if (word.breaks || (!fresh && column + 1 + width > columns)) {
      out = `${out.trimEnd()}\n${' '.repeat(shape.hang)}`;
      column = shape.hang;
      fresh = true;
    }
    out += fresh ? word.shown : ` ${word.shown}`;
    column += width + (fresh ? 0 : 1);
    fresh = false;
  }
  return `${out.trimEnd()}\n`;
}

function wordsOf({ text, paint = (word) => word, whole = false }: Span): readonly Word[] {
  return printable(text)
    .split('\n')
    .flatMap((line, index) => {
      const words = (whole ? [line] : line.split(/ +/)).filter((word) => word !== '');
      return words.map((word, place) => ({ text: word, shown: paint(word), breaks: index > 0 && place === 0 }));
    });
}

/** Cuts text to one line of at most `columns`, with `…` at a cut. */
export function oneLine(text: string, columns: number): string {
  const line = printable(text).replaceAll(/\s+/g, ' ').trim();
  return textWidth(line) <= columns ? line : `${cutToWidth(line, Math.max(0, columns - 1)).trimEnd()}…`;
}
