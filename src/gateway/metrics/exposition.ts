import type { Metric, Sample } from './metric.ts';

/** Content type of Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Metrics in Prometheus' text format, in parts between which time may pass: the lines of a histogram stay together, since their sums agree. A
 * metric without a sample still has its HELP and TYPE lines.
 */
export function* expositionParts(metrics: readonly Metric[]): Generator<string> {
  for (const metric of metrics) {
    yield `# HELP ${metric.name} ${metric.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${metric.name} ${metric.type}\n`;
    let lines = '';
    for (const sample of metric.samples()) {
      const { suffix = '' } = sample;
      lines += `${metric.name}${suffix}${labelsOf(metric.labelNames, sample)} ${numberText(sample.value)}\n`;
      if (suffix !== '' && suffix !== '_count') continue;
      yield lines;
      lines = '';
    }
    if (lines !== '') yield lines;
  }
}

function labelsOf(names: readonly string[], { labels, bound }: Sample): string {
  const pairs = names.map((name, index) => `${name}="${escaped(labels[index] ?? '')}"`);
  if (bound !== undefined) pairs.push(`le="${numberText(bound)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function numberText(value: number): string {
  return value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
}
