/** One number of a metric, with its labels' values in the order of the metric's names; `suffix` and `bound` are those of a histogram. */
export interface Sample {
  readonly labels: readonly string[];
  readonly value: number;
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly bound?: number;
}

/** Something measured: what it is called and means, and its numbers of the moment. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labelNames: readonly string[];
  samples(): Iterable<Sample>;
}

/** What every metric is made with. */
export interface Naming {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

// Of a label's value it is no part.
const BETWEEN = '\u0000';

/** A count that only grows, for each combination of labels that has been seen. */
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

  add(value: number, labels: readonly string[]): void {
    const key = labels.join(BETWEEN);
    const known = this.#series.get(key);
    if (known === undefined) this.#series.set(key, { labels, value });
    else known.value += value;
  }

  samples(): Iterable<Sample> {
    return this.#series.values();
  }
}

/** Numbers that are asked for when somebody looks. */
export function gauge(naming: Naming, read: () => Iterable<Sample>, type: 'gauge' | 'counter' = 'gauge'): Metric {
  return { ...naming, type, samples: read };
}
