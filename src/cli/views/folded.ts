import { stripVTControlCharacters } from 'node:util';
import { familyOf } from '../../core/check.ts';
import { failsPhase, type CheckResult } from '../../core/verdict.ts';
import { checkBlock, skippedLine, type Layout } from './check.ts';
import { flow, oneLine } from './flow.ts';
import { signOf, type Paint } from './paint.ts';
import { textWidth } from './text-width.ts';

/** Failures are on a screen of 24 lines with the line above them; longer blocks get a list before them. */
const SCREEN = 22;

/** Titles of families, by the part of an id before the dot. */
export type FamilyTitles = Readonly<Record<string, string>>;

/**
 * The results of a phase with many checks: failures first, then skipped checks by cause, then warnings and notes, then one line for each
 * host, or, for a single host, one cell for each family.
 */
export function foldedBlock(
  results: readonly CheckResult[],
  titles: FamilyTitles,
  several: boolean,
  layout: Layout,
): string {
  const failures = results.filter(failsPhase);
  const blocks = byHost(failures, several, layout, checkBlock);
  const isLong = rowsOf(blocks, layout.columns) > SCREEN;
  const hosts = [...new Set(results.map(({ host }) => host))];
  return [
    isLong ? listOf(failures, several, layout) : '',
    blocks,
    ...hosts.map((host) => skippedLines(results, host, several, layout)),
    byHost(
      results.filter((result) => isAdvice(result) && result.severity !== 'note'),
      several,
      layout,
      adviceBlock,
    ),
    byHost(
      results.filter((result) => isAdvice(result) && result.severity === 'note'),
      several,
      layout,
      adviceBlock,
    ),
    several
      ? hosts.map((host) => hostLine(results, host, layout)).join('')
      : grid(cellsOf(results, titles, layout.paint), layout),
  ].join('');
}

/** The rows that a text takes on the terminal, which wraps a fix that is longer than a row. */
function rowsOf(text: string, columns: number): number {
  return stripVTControlCharacters(text)
    .split('\n')
    .reduce((rows, line) => rows + Math.max(1, Math.ceil(Array.from(line).length / columns)), 0);
}

/** A failed check that does not fail its phase. */
function isAdvice(result: CheckResult): boolean {
  return (result.outcome === 'fail' || result.outcome === 'unknown') && !failsPhase(result);
}

function byHost(
  results: readonly CheckResult[],
  several: boolean,
  layout: Layout,
  block: (result: CheckResult, layout: Layout) => string,
): string {
  let last = '';
  const same = Map.groupBy(results, ({ id, wanted, seen }) => JSON.stringify([id, wanted, seen]));
  return [...same.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const hosts = group.map(({ host }) => host).join(', ');
      const head = several && hosts !== last ? `  ${layout.paint.bold(hosts)}\n` : '';
      last = hosts;
      return [head + block(onAll(first, group), { ...layout, indent: several ? 4 : 2 })];
    })
    .join('');
}

/** The result of the first host for all hosts with the same finding. Its fix may name the host, so it names the others. */
function onAll(first: CheckResult, group: readonly CheckResult[]): CheckResult {
  const others = group.filter(({ fix }) => fix !== first.fix).map(({ host }) => host);
  if (first.fix === undefined || others.length === 0) return first;
  return {
    ...first,
    fix: `${first.fix}${first.fix.includes('  # ') ? '; ' : '  # '}likewise for ${others.join(', ')}`,
  };
}

/** One line for each failed check with its hosts, so that all failures are seen at once. */
function listOf(failures: readonly CheckResult[], several: boolean, layout: Layout): string {
  const { paint, columns } = layout;
  const byId = Map.groupBy(failures, ({ id }) => id);
  const lines = [...byId.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const [sign, style] = signOf(paint, first);
    const where = several ? `${same.map(({ host }) => host).join(', ')}: ` : '';
    return [`  ${style(sign)} ${oneLine(`${where}${first.id}: ${first.title}`, columns - 3 - sign.length)}\n`];
  });
  const shown = lines.length > SCREEN ? lines.slice(0, SCREEN - 1) : lines;
  const more = lines.length - shown.length;
  return `${shown.join('')}${more === 0 ? '' : `    and ${String(more)} more\n`}\n`;
}

function skippedLines(results: readonly CheckResult[], host: string, several: boolean, layout: Layout): string {
  const skipped = results.filter((result) => result.host === host && result.outcome === 'skip');
  return [...Map.groupBy(skipped, ({ seen }) => seen)]
    .map(([seen, { length }]) => skippedLine(length, several ? `of ${host} ${seen}` : seen, { ...layout, indent: 2 }))
    .join('');
}

/** A warning as its title and the state that was found, then its fix; a note in one line. */
function adviceBlock(result: CheckResult, layout: Layout): string {
  const { paint, indent, columns } = layout;
  const [sign, style] = signOf(paint, result);
  if (result.severity === 'note') {
    const room = columns - indent - sign.length - 1;
    return `${' '.repeat(indent)}${style(sign)} ${oneLine(`${result.title}: ${result.seen} [${result.id}]`, room)}\n`;
  }
  const head = flow(
    [
      { text: sign, paint: style },
      { text: `${result.title}: ${result.seen}` },
      { text: `[${result.id}]`, paint: paint.dim },
    ],
    { indent, hang: indent + 2, columns },
  );
  return head + (result.fix === undefined ? '' : fixLine(result.fix, layout));
}

function fixLine(fix: string, { paint, indent, columns }: Layout): string {
  const isWhole = !fix.includes('\n');
  return flow(
    [
      { text: 'fix', paint: paint.dim, whole: true },
      { text: fix, paint: paint.accent, whole: isWhole },
    ],
    { indent: indent + 2, hang: indent + 6, columns: isWhole ? Number.POSITIVE_INFINITY : columns },
  );
}

interface Cell {
  readonly sign: string;
  readonly style: (text: string) => string;
  readonly text: string;
}

function cellsOf(results: readonly CheckResult[], titles: FamilyTitles, paint: Paint): readonly Cell[] {
  return [...Map.groupBy(results, ({ id }) => familyOf(id))].map(([family, members]) => {
    const [sign, style] = signOf(paint, worstOf(members));
    const judged = members.filter(({ outcome }) => outcome !== 'not-applicable');
    const passed = judged.filter(({ outcome }) => outcome === 'pass').length;
    const count = judged.length === 0 ? 'n/a' : `${String(passed)}/${String(judged.length)}`;
    return { sign, style, text: `${titles[family] ?? family} ${count}` };
  });
}

/** The result whose sign stands for all of them. A skipped check outweighs those that passed. */
function worstOf(results: readonly CheckResult[]): CheckResult {
  const weight = (result: CheckResult): number => {
    if (failsPhase(result)) return result.outcome === 'fail' ? 6 : 5;
    if (isAdvice(result)) return result.severity === 'note' ? 2 : 4;
    return result.outcome === 'skip' ? 3 : result.outcome === 'pass' ? 1 : 0;
  };
  return results.reduce((worst, result) => (weight(result) > weight(worst) ? result : worst));
}

/** Wider rows are hard to read, in a log that has no width. */
const GRID_COLUMNS = 120;

/** Cells in as many columns as fit. */
function grid(cells: readonly Cell[], { columns, indent }: Layout): string {
  const widthOf = ({ sign, text }: Cell): number => textWidth(sign) + 1 + textWidth(text);
  const width = Math.max(0, ...cells.map(widthOf)) + 2;
  const across = Math.max(1, Math.floor((Math.min(columns, GRID_COLUMNS) - indent + 2) / width));
  const rows: string[] = [];
  for (let start = 0; start < cells.length; start += across) {
    const row = cells.slice(start, start + across).map((cell, index, { length }) => {
      const { sign, style, text } = cell;
      return `${style(sign)} ${text}${index === length - 1 ? '' : ' '.repeat(width - widthOf(cell))}`;
    });
    rows.push(`  ${row.join('')}\n`);
  }
  return rows.join('');
}

function hostLine(results: readonly CheckResult[], host: string, { paint, columns }: Layout): string {
  const own = results.filter((result) => result.host === host);
  const [sign, style] = signOf(paint, worstOf(own));
  const failures = own.filter(failsPhase);
  const outcome = (wanted: CheckResult['outcome']): number => own.filter((result) => result.outcome === wanted).length;
  const warnings = own.filter((result) => isAdvice(result) && result.severity === 'warning').length;
  const counts: readonly (readonly [number, string])[] = [
    [failures.length, `failed (${[...new Set(failures.map(({ id }) => familyOf(id)))].join(', ')})`],
    [warnings, warnings === 1 ? 'warning' : 'warnings'],
    [outcome('pass'), 'passed'],
    [outcome('skip'), 'skipped'],
    [outcome('not-applicable'), 'not applicable'],
  ];
  const words = counts.filter(([number]) => number > 0).map(([number, word]) => `${String(number)} ${word}`);
  return flow([{ text: sign, paint: style }, { text: `${host}:`, paint: paint.bold }, { text: words.join(', ') }], {
    indent: 2,
    hang: 4,
    columns,
  });
}
