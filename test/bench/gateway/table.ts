import { median, type Measure } from './measure.ts';

/** A proxy and the results of its rounds. */
export interface Row {
  readonly name: string;
  readonly rounds: readonly Measure[];
}

const COLUMNS = [
  'proxy',
  'CPU µs / request',
  '× floor',
  'requests / s',
  'p50 ms',
  'p99 ms',
  'evenly: CPU µs / request',
  '× floor',
  'CPU µs / chunk',
  '× floor',
  'TTFT p50 ms',
  'TTFT p99 ms',
  'PSS MiB',
  'failed',
];

/** All proxies as a table in Markdown: medians over the rounds; the others are compared with the row `floor`. */
export function table(rows: readonly Row[], floor: string): string {
  const all = rows.map((row) => ({
    name: row.name,
    of: (key: keyof Measure) => median(row.rounds.map((round) => round[key])),
    failed: row.rounds.reduce((sum, round) => sum + round.failures, 0),
  }));
  const bare = all.find(({ name }) => name === floor);
  const times = (value: number, key: keyof Measure): string =>
    bare === undefined ? '' : (value / bare.of(key)).toFixed(2);
  const lines = all.map(({ name, of, failed }) => [
    name,
    of('requestUs').toFixed(0),
    times(of('requestUs'), 'requestUs'),
    of('perSecond').toFixed(0),
    of('p50Ms').toFixed(2),
    of('p99Ms').toFixed(2),
    of('evenUs').toFixed(0),
    times(of('evenUs'), 'evenUs'),
    of('chunkUs').toFixed(1),
    times(of('chunkUs'), 'chunkUs'),
    of('firstP50Ms').toFixed(2),
    of('firstP99Ms').toFixed(2),
    of('pssMiB').toFixed(0),
    String(failed),
  ]);
  return markdown(COLUMNS, lines);
}

/** Any table: the first column is text, the others are numbers. */
export function markdown(columns: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return row(columns) + row(columns.map((_, index) => (index === 0 ? '---' : '--:'))) + lines.map(row).join('');
}
