import type { TaskResult } from './run.ts';
import { WORKLOAD_CLASSES, type Workload } from './workload/workload.ts';
import type { Score } from '../../src/simulation/score.ts';

/** The means of a workload over its seeds, of a class over its workloads, or of all workloads. */
export interface Row extends Score {
  readonly name: string;
}

/** Means by workload, by class and in all, in the order of the workloads. */
export interface Means {
  readonly workloads: readonly Row[];
  readonly classes: readonly Row[];
  readonly all: Row;
}

/** The means of results of one strategy. */
export function meansOf(workloads: readonly Workload[], results: readonly TaskResult[]): Means {
  const rows = workloads.map(({ name }) =>
    meanRow(
      name,
      results.filter(({ workload }) => workload === name).map(({ score }) => score),
    ),
  );
  const classes = WORKLOAD_CLASSES.flatMap((title) => {
    const own = rows.filter((_row, index) => workloads[index]?.class === title);
    return own.length === 0 ? [] : [meanRow(title, own)];
  });
  return { workloads: rows, classes, all: meanRow(`mean of ${String(rows.length)}`, rows) };
}

const HEAD = [
  'target met %',
  'served %',
  'p50 s',
  'p95 s',
  'loads',
  'needless',
  'by a chat',
  'polite met %',
  'requests',
];

/** The table as Markdown. */
export function tableLines({ workloads, classes, all }: Means): readonly string[] {
  return [
    ...head('workload', HEAD),
    ...workloads.map(line),
    '',
    ...head('class', HEAD),
    ...classes.map(line),
    line({ ...all, name: `**${all.name}**` }),
  ];
}

/** A comparison of two strategies on the same requests, workload by workload, as Markdown. */
export function pairLines(
  workloads: readonly Workload[],
  a: readonly TaskResult[],
  b: readonly TaskResult[],
): readonly string[] {
  const [one, two] = [meansOf(workloads, a), meansOf(workloads, b)];
  const differences = workloads.map(({ name }) =>
    metOf(b, name).map((met, index) => met - (metOf(a, name)[index] ?? 0)),
  );
  const lineOf = (first: Row, second: Row, error: number): string =>
    cells(first.name, [
      first.met.toFixed(1),
      second.met.toFixed(1),
      signed(second.met - first.met),
      error.toFixed(1),
      first.served.toFixed(1),
      second.served.toFixed(1),
      first.p95.toFixed(1),
      second.p95.toFixed(1),
      first.loads.toFixed(0),
      second.loads.toFixed(0),
    ]);
  const columns = ['met %', 'met %', 'change', 'its error', 'served %', 'served %', 'p95 s', 'p95 s', 'loads', 'loads'];
  // The seeds of a workload are independent, and so are the workloads.
  const errors = differences.map(standardError);
  const errorOfAll = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0)) / Math.max(1, errors.length);
  return [
    ...head(`${a[0]?.strategy ?? ''}, ${b[0]?.strategy ?? ''}`, columns),
    ...one.workloads.map((row, index) => lineOf(row, two.workloads[index] ?? row, errors[index] ?? 0)),
    lineOf(one.all, two.all, errorOfAll),
  ];
}

function metOf(results: readonly TaskResult[], name: string): readonly number[] {
  return results.filter(({ workload }) => workload === name).map(({ score }) => score.met);
}

function standardError(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1) / values.length);
}

function meanRow(name: string, scores: readonly Score[]): Row {
  const mean = (of: (score: Score) => number): number => meanOf(scores.map(of));
  const polite = scores.flatMap((score) => (score.polite === undefined ? [] : [score.polite]));
  return {
    name,
    requests: mean(({ requests }) => requests),
    met: mean(({ met }) => met),
    served: mean(({ served }) => served),
    p50: mean(({ p50 }) => p50),
    p95: mean(({ p95 }) => p95),
    loads: mean(({ loads }) => loads),
    needless: mean(({ needless }) => needless),
    byChat: mean(({ byChat }) => byChat),
    polite: polite.length === 0 ? undefined : meanOf(polite),
  };
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function line({ name, met, served, p50, p95, loads, needless, byChat, polite, requests }: Row): string {
  return cells(name, [
    met.toFixed(1),
    served.toFixed(1),
    p50.toFixed(2),
    p95.toFixed(1),
    loads.toFixed(1),
    needless.toFixed(1),
    byChat.toFixed(1),
    polite?.toFixed(1) ?? '',
    requests.toFixed(0),
  ]);
}

function head(first: string, columns: readonly string[]): readonly string[] {
  return [cells(first, columns), `|---|${'--:|'.repeat(columns.length)}`];
}

function cells(first: string, rest: readonly string[]): string {
  return `| ${[first, ...rest].join(' | ')} |`;
}

function signed(value: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(1)}`;
}
