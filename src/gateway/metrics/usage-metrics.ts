import { gauge, type Metric } from './metric.ts';

/** The use of the journals, as far as metrics show it. */
export interface UsageFigures {
  readonly journalBytes: number;
  readonly mostBytes: number;
  readonly oldestS: number;
  readonly rowsStored: number;
  readonly rowsKnown: number;
  readonly rowsLost: number;
  readonly isStored: boolean;
}

/** Metrics about the rows of requests; without samples until the first row. */
export function usageMetrics(figures: () => UsageFigures | undefined): readonly Metric[] {
  const one = (
    name: string,
    help: string,
    read: (state: UsageFigures) => number,
    type: 'gauge' | 'counter' = 'gauge',
  ): Metric =>
    gauge(
      { name, help, labelNames: [] },
      () => {
        const state = figures();
        return state === undefined ? [] : [{ labels: [], value: read(state) }];
      },
      type,
    );
  return [
    one(
      'hxllm_usage_journal_bytes',
      'Bytes of the journals of usage that wait for the database.',
      ({ journalBytes }) => journalBytes,
    ),
    one('hxllm_usage_journal_max_bytes', 'Most bytes of them.', ({ mostBytes }) => mostBytes),
    one(
      'hxllm_usage_journal_oldest_seconds',
      'Age of the oldest line of the journal of this process that is not in the database; 0 if all are.',
      ({ oldestS }) => oldestS,
    ),
    one('hxllm_usage_rows_total', 'Rows that this process has stored.', ({ rowsStored }) => rowsStored, 'counter'),
    one('hxllm_usage_conflicts_total', 'Rows that had been stored before.', ({ rowsKnown }) => rowsKnown, 'counter'),
    one('hxllm_usage_lost_total', 'Rows that could be kept nowhere.', ({ rowsLost }) => rowsLost, 'counter'),
    one('hxllm_store_up', 'Whether rows get from the journal into the database.', ({ isStored }) => (isStored ? 1 : 0)),
  ];
}
