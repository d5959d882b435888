import type { Metric, Sample } from './metric.ts';

/** Content type of Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats, version 0.0.4. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes metrics in Prometheus' text format. A metric without a sample still has its HELP and TYPE lines. */
export function exposition(metrics: readonly Metric[]): string {
  return metrics
    .map(
      (metric) =>
        `# HELP ${metric.name} ${metric.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${metric.name} ${metric.type}\n${linesOf(metric)}`,
    )
    .join('');
}

function linesOf(metric: Metric): string {
  let lines = '';
  for (const sample of metric.samples())
    lines += `${metric.name}${sample.suffix ?? ''}${labelsOf(metric.labelNames, sample)} ${numberText(sample.value)}\n`;
  return lines;
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
