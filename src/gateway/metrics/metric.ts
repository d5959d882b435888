/** One number of a metric, with label values in the order of the metric's label names; `suffix` and `bound` are a histogram's. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly bound?: number;
}

/** A metric: its name and help, and its current samples. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
  samples(): Iterable<Sample>;
  /** Forgets each series with a label value that is not kept; missing if its samples are read anew at each scrape. */
  forget?(isKept: LabelFilter): void;
}

/** Whether the series with a value of a label are kept. */
export type LabelFilter = (name: string, value: string) => boolean;

/** Removes the series with a label value that is not kept. */
export function forgetSeries(
  series: Map<string, { readonly labels: readonly string[] }>,
  labelNames: readonly string[],
  isKept: LabelFilter,
): void {
  for (const [key, { labels }] of series)
    if (!labelNames.every((name, index) => isKept(name, labels[index] ?? ''))) series.delete(key);
}

/** The name, help and labels of a metric. */
export interface Naming {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** The key of a combination of label values: NUL cannot occur in one. */
export const keyOf = (labels: readonly string[]): string => labels.join('\u0000');

/** A counter for each combination of labels seen. */
export class Counter implements Metric {
  readonly name: string;
  readonly help: string;
  readonly type = 'counter';
  readonly labelNames: readonly string[];
  readonly #series = new Map<string, { readonly labels: readonly string[]; value: number }>();

  constructor({ name, help, labelNames }: Naming) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
  }

  /** `key` is that of the labels, for callers that know it. */
  add(value: number, labels: readonly string[], key: string = keyOf(labels)): void {
    const known = this.#series.get(key);
    if (known === undefined) this.#series.set(key, { labels, value });
    else known.value += value;
  }

  samples(): Iterable<Sample> {
    return this.#series.values();
  }

  forget(isKept: LabelFilter): void {
    forgetSeries(this.#series, this.labelNames, isKept);
  }
}

/** A gauge whose samples are read at each scrape. */
export function gauge(naming: Naming, read: () => Iterable<Sample>, type: 'gauge' | 'counter' = 'gauge'): Metric {
  return { ...naming, type, samples: read };
}
