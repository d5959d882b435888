import { isObject } from '../../core/json.ts';
import { escaped, table } from './markup.ts';
import { barChart, lineChart, type Bar, type Line } from './svg.ts';

/** Bars of the distribution of times. */
const BINS = 8;
/** Most rows of a table; measurements.json has all. */
const MOST_ROWS = 12;

/**
 * The numbers of smoke's measurements as charts, each with a table of the same numbers; empty if there are none. The document is hxllm's
 * own, but a file may be damaged: a part that is not as expected is left out.
 */
export function chartsOf(measurements: unknown): string {
  return listOf(measurements, 'targets')
    .map((target) => {
      const charts = [latencyChart(target), streamChart(target), shareChart(target), rampChart(target)].filter(
        (chart) => chart !== '',
      );
      return charts.length === 0 ? '' : `<h3>${escaped(textOf(target['name']))}</h3>\n${charts.join('')}`;
    })
    .join('');
}

function latencyChart(target: Entry): string {
  const times = listOf(target, 'ramps')
    .flatMap((ramp) => listOf(ramp, 'samples'))
    .flatMap((sample) => (sample['error'] === undefined ? numberOf(sample, 'total_ms') : []));
  if (times.length === 0) return '';
  const [least, most] = [Math.min(...times), Math.max(...times)];
  const width = Math.max(1, Math.ceil((most - least + 1) / BINS));
  const bars = Array.from({ length: Math.ceil((most - least + 1) / width) }, (_, bin): Bar => {
    const from = least + bin * width;
    const to = from + width - 1;
    return {
      label: `${String(from)}–${String(to)} ms`,
      value: times.filter((ms) => ms >= from && ms < from + width).length,
    };
  });
  return figure(
    'Latency distribution: answers by their whole time',
    barChart('Answers by their whole time', '', bars),
    [['whole time', 'answers'], ...bars.map(({ label, value }) => [label, String(value)])],
  );
}

function streamChart(target: Entry): string {
  const stream = target['stream'];
  const pieces = isObject(stream) && Array.isArray(stream['pieces_ms']) ? stream['pieces_ms'] : [];
  const points = pieces.flatMap((ms: unknown, index) => (isCount(ms) ? [[ms, index + 1] as const] : []));
  if (points.length === 0 || !isObject(stream)) return '';
  const name = textOf(stream['model']);
  const every = Math.ceil(points.length / MOST_ROWS);
  return figure(
    'Tokens over time: pieces of one stream as they arrived',
    lineChart('Pieces of one stream over time', ['ms since the request', 'pieces'], [{ name, points }]),
    [
      ['ms since the request', 'pieces'],
      ...points
        .filter((_, index) => index % every === 0 || index === points.length - 1)
        .map(([ms, count]) => [String(ms), String(count)]),
    ],
  );
}

function shareChart(target: Entry): string {
  const share = target['share'];
  const bars = Object.entries(isObject(share) ? share : {}).flatMap(([label, value]) =>
    isCount(value) ? [{ label, value }] : [],
  );
  if (bars.length === 0) return '';
  return figure(
    'Share per server: answers that each gave',
    barChart(
      'Answers by server',
      '',
      bars.map(({ label, value }) => ({ label: label.replace(/^https?:\/\//, ''), value })),
    ),
    [['server', 'answers'], ...bars.map(({ label, value }) => [label, String(value)])],
  );
}

function rampChart(target: Entry): string {
  const ramps = listOf(target, 'ramps');
  const lines = ramps.map((ramp): Line => ({
    name: textOf(ramp['alias']),
    points: listOf(ramp, 'steps').flatMap((step) => {
      const [x, y] = [numberOf(step, 'concurrency')[0], numberOf(step, 'tokens_per_s')[0]];
      return x === undefined || y === undefined ? [] : [[x, y] as const];
    }),
  }));
  const rows = ramps.flatMap((ramp) =>
    listOf(ramp, 'steps').map((step) => [
      textOf(ramp['alias']),
      ...['concurrency', 'tokens_per_s', 'errors'].map((key) => textOf(step[key])),
      percentiles(step['first_token_ms']),
      percentiles(step['total_ms']),
    ]),
  );
  if (rows.length === 0) return '';
  return figure(
    'Ramp: tokens a second of all clients together',
    lineChart('Tokens a second by requests at once', ['requests at once', 'tokens/s'], lines),
    [
      ['alias', 'at once', 'tokens/s', 'errors', 'first token, ms (p50, p95, p99)', 'whole answer, ms (p50, p95, p99)'],
      ...rows,
    ],
  );
}

function percentiles(value: unknown): string {
  return isObject(value) ? ['p50', 'p95', 'p99'].map((name) => textOf(value[name])).join(', ') : '–';
}

function figure(caption: string, picture: string, [head = [], ...rows]: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(escaped));
  return `<figure>\n<figcaption>${escaped(caption)}</figcaption>\n${picture}${table(head, cells, 'data')}</figure>\n`;
}

type Entry = Readonly<Record<string, unknown>>;

function listOf(value: unknown, key: string): readonly Entry[] {
  const list = isObject(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function numberOf(entry: Entry, key: string): readonly number[] {
  const value = entry[key];
  return isCount(value) ? [value] : [];
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '–';
}
