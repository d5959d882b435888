import { oneLine } from './flow.ts';
import { textWidth } from './text-width.ts';

/** Columns of a pipe: nothing is cut there. */
const PIPE_COLUMNS = 1000;

type Style = (text: string) => string;

/** A line of a table: its cells, of which the last one has the rest of the width. */
export interface TableLine {
  readonly cells: readonly string[];
  /** The style of each cell. */
  readonly styles?: readonly (Style | undefined)[];
}

const GAP = 2;
/** The first column has at most this part of the width. */
const FIRST_PART = 0.45;
/** A last column that is narrower says nothing. */
const LEAST_LAST = 8;

/** Columns of the terminal; a pipe has as many as a line needs. */
export function columnsOf(columns: number): number {
  return Number.isFinite(columns) ? columns : PIPE_COLUMNS;
}

/** Lays lines out in columns of equal width, each line at most `columns` wide; a longer cell is cut with `…`. */
export function tableLines(lines: readonly TableLine[], columns: number): readonly string[] {
  const count = Math.max(0, ...lines.map(({ cells }) => cells.length));
  const widths: number[] = [];
  let left = columns;
  for (let index = 0; index < count - 1; index += 1) {
    const widest = Math.max(...lines.map(({ cells }) => textWidth(cells[index] ?? '')));
    const width = Math.max(0, Math.min(widest, index === 0 ? Math.floor(columns * FIRST_PART) : left));
    widths.push(width);
    left -= width + GAP;
  }
  widths.push(left >= LEAST_LAST ? left : 0);
  return lines.map(({ cells, styles = [] }) => {
    let line = '';
    let pad = 0;
    for (const [index, cell] of cells.entries()) {
      const width = widths[index] ?? 0;
      const text = width < 1 ? '' : cut(cell, width);
      if (text !== '') {
        line += ' '.repeat(pad) + (styles[index] ?? plain)(text);
        pad = 0;
      }
      pad += width - textWidth(text) + GAP;
    }
    return line;
  });
}

// Its indent stays.
function cut(cell: string, width: number): string {
  const indent = /^ */.exec(cell)?.[0] ?? '';
  return indent.length >= width ? '' : indent + oneLine(cell, width - indent.length);
}

function plain(text: string): string {
  return text;
}
