import type { CheckResult } from '../../core/verdict.ts';
import { flow, oneLine, type Span } from './flow.ts';
import { signOf, type Paint } from './paint.ts';

/** How a block is to be laid out. */
export interface Layout {
  readonly paint: Paint;
  readonly indent: number;
  readonly columns: number;
  /** Everything in full: ids, and what was seen of checks that passed. */
  readonly verbose: boolean;
  /** New files line by line; without it they are counted. */
  readonly wholeFiles?: boolean;
}

/** One check that was judged: a line where all is well; what was wanted, seen and mends it where not. */
export function checkBlock(result: CheckResult, layout: Layout): string {
  const { paint, indent, columns, verbose } = layout;
  const shape = { indent, hang: indent + 2, columns };
  const [sign, style] = signOf(paint, result);
  const begin: readonly Span[] = [{ text: sign, paint: style }];
  const id: readonly Span[] = [{ text: `[${result.id}]`, paint: paint.dim }];
  if (result.outcome === 'fail' || result.outcome === 'unknown')
    return flow([...begin, { text: result.title, paint: paint.bold }, ...id], shape) + fields(result, layout);
  const seen = result.outcome === 'not-applicable' ? `not applicable: ${result.seen}` : result.seen;
  const room = columns - indent - sign.length - result.title.length - 3;
  // What needs nobody's attention is one line, unless everything is wanted.
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
    ['wanted', result.wanted],
    ['seen', result.seen],
    ['fix', result.fix],
  ];
  return rows.map(([name, value]) => (value === undefined || value === '' ? '' : field(name, value, layout))).join('');
}

/** A named value below a line; a fix stays whole, to be copied. */
export function field(name: string, value: string, { paint, indent, columns }: Layout, width = 6): string {
  const whole = name === 'fix' && !value.includes('\n');
  return flow(
    [
      { text: name.padEnd(width), paint: paint.dim, whole: true },
      { text: value, whole, ...(name === 'fix' || name === 'next' ? { paint: paint.accent } : {}) },
    ],
    { indent: indent + 4, hang: indent + 5 + width, columns: whole ? Number.POSITIVE_INFINITY : columns },
  );
}

/** Several checks that were skipped for one reason, as one line: one cause is told once. */
export function skippedLine(count: number, seen: string, { paint, indent, columns }: Layout): string {
  return flow(
    [
      { text: paint.signs.skip, paint: paint.dim },
      { text: `${String(count)} ${count === 1 ? 'check' : 'checks'} ${seen}`, paint: paint.dim },
    ],
    { indent, hang: indent + 2, columns },
  );
}
