import { Histogram } from './histogram.ts';
import type { Metric } from './metric.ts';

const CALL_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** The times of the calls of the database. */
export class StoreMetrics {
  readonly #calls = new Histogram(
    {
      name: 'hxllm_store_seconds',
      help: 'Time of a call of the database with its wait for the calls before it, by call: append-usage stores rows.',
      labelNames: ['op'],
    },
    CALL_S,
  );
  readonly metrics: readonly Metric[] = [this.#calls];

  answered(call: string, tookMs: number): void {
    this.#calls.observe(tookMs / 1000, [call]);
  }
}
