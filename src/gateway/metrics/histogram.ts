import { forgetSeries, keyOf, type LabelFilter, type Metric, type Naming, type Sample } from './metric.ts';

interface Series {
  readonly labels: readonly string[];
  /** Count of each bucket, not cumulated; the last bucket is above all bounds. */
  readonly counts: number[];
  sum: number;
}

/** A histogram for each combination of labels seen; `bounds` ascend, and each belongs to the bucket below it. */
export class Histogram implements Metric {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly labelNames: readonly string[];
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor({ name, help, labelNames }: Naming, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.#bounds = bounds;
  }

  /** `key` is that of the labels, for callers that know it. */
  observe(value: number, labels: readonly string[], key: string = keyOf(labels)): void {
    const series = this.#seriesOf(labels, key);
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    series.sum += value;
  }

  *samples(): Iterable<Sample> {
    for (const { labels, counts, sum } of this.#series.values()) {
      let total = 0;
      for (const [bucket, count] of counts.entries()) {
        total += count;
        yield { labels, value: total, suffix: '_bucket', bound: this.#bounds[bucket] ?? Infinity };
      }
      yield { labels, value: sum, suffix: '_sum' };
      yield { labels, value: total, suffix: '_count' };
    }
  }

  forget(isKept: LabelFilter): void {
    forgetSeries(this.#series, this.labelNames, isKept);
  }

  #seriesOf(labels: readonly string[], key: string): Series {
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const fresh: Series = { labels, counts: [...this.#bounds.map(() => 0), 0], sum: 0 };
    this.#series.set(key, fresh);
    return fresh;
  }
}
