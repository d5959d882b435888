import type { CheckResult } from '../../core/verdict.ts';
import { flow, oneLine, type Span } from './flow.ts';
import { signOf, type Paint } from './paint.ts';
import { textWidth } from './text-width.ts';

/** The layout of a block. */
export interface Layout {
  readonly paint: Paint;
  readonly indent: number;
  readonly columns: number;
  /** Everything in full: also ids, and the whole result of passed checks. */
  readonly verbose: boolean;
  /** New files line by line; otherwise only their number of lines. */
  readonly wholeFiles?: boolean;
}

/** The result of a check: one line if it passed; else also what was expected, what was found, and the fix. */
export function checkBlock(result: CheckResult, layout: Layout): string {
  const { paint, indent, columns, verbose } = layout;
  const shape = { indent, hang: indent + 2, columns };
  const [sign, style] = signOf(paint, result);
  const begin: readonly Span[] = [{ text: sign, paint: style }];
  const id: readonly Span[] = [{ text: `[${result.id}]`, paint: paint.dim }];
  if (result.outcome === 'fail' || result.outcome === 'unknown')
    return flow([...begin, { text: result.title, paint: paint.bold }, ...id], shape) + fields(result, layout);
  const seen = result.outcome === 'not-applicable' ? `not applicable: ${result.seen}` : result.seen;
  const room = columns - indent - sign.length - textWidth(result.title) - 3;
  // A result that needs no attention is one line, except under -v.
  const shown = verbose ? seen : room < 8 ? '' : oneLine(seen, room);
  const title = shown === '' ? result.title : `${result.title}:`;
  return flow(
    [
      ...begin,
      { text: title, ...(result.outcome === 'pass' ? {} : { paint: paint.dim }) },
      { text: shown, paint: paint.dim },
      ...(verbose ? id : []),
    ],
    shape,
  );
}

function fields(result: CheckResult, layout: Layout): string {
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['expected', result.wanted],
    ['found', result.seen],
    ['fix', result.fix],
  ];
  return rows.map(([name, value]) => (value === undefined || value === '' ? '' : field(name, value, layout))).join('');
}

/** The longest names are `expected` and `evidence`. */
const FIELD_WIDTH = 8;

/** A named value below a line. A fix is never wrapped, so that it can be copied. */
export function field(name: string, value: string, { paint, indent, columns }: Layout, width = FIELD_WIDTH): string {
  const whole = name === 'fix' && !value.includes('\n');
  return flow(
    [
      { text: name.padEnd(width), paint: paint.dim, whole: true },
      { text: value, whole, ...(name === 'fix' || name === 'next' ? { paint: paint.accent } : {}) },
    ],
    { indent: indent + 4, hang: indent + 5 + width, columns: whole ? Number.POSITIVE_INFINITY : columns },
  );
}

/** Several checks that were skipped for one reason, as one line. */
export function skippedLine(count: number, seen: string, { paint, indent, columns }: Layout): string {
  return flow(
    [
      { text: paint.signs.skip, paint: paint.dim },
      { text: `${String(count)} ${count === 1 ? 'check' : 'checks'} ${seen}`, paint: paint.dim },
    ],
    { indent, hang: indent + 2, columns },
  );
}
