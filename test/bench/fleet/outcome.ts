import { isMet, scoreOf, type Score } from '../../../src/simulation/score.ts';
import type { SimLoad } from '../../../src/simulation/server/memory.ts';
import type { SimRecord } from '../../../src/simulation/simulation.ts';

/** The result of a gateway with a workload. */
export interface Outcome {
  readonly gateway: string;
  readonly score: Score;
  /** Whether each request met its target, by its number. */
  readonly met: ReadonlyMap<number, boolean>;
  /** CPU time of the gateway's processes, s; `undefined` for a gateway that others started, and in the simulation. */
  readonly cpuS: number | undefined;
  /** Requests without a whole answer, by the reason that their clients saw, the most frequent first. */
  readonly failures: readonly (readonly [why: string, count: number])[];
}

/** A difference of two shares over the same requests, in percent points, with its standard error. */
export interface Difference {
  readonly mean: number;
  readonly error: number;
}

/** A request, with the reason of a failure where it is known. */
type OutcomeRecord = SimRecord & { readonly why?: string | undefined };

/** Scores records and loads. */
export function outcomeOf(
  gateway: string,
  result: { readonly records: readonly OutcomeRecord[]; readonly loads: readonly SimLoad[] },
  cpuS?: number,
): Outcome {
  const met = new Map(result.records.map((record) => [record.request.id, isMet(record)]));
  return { gateway, score: scoreOf(result), met, cpuS, failures: failuresOf(result.records) };
}

function failuresOf(records: readonly OutcomeRecord[]): Outcome['failures'] {
  const counts = new Map<string, number>();
  for (const { outcome, why } of records) {
    if (outcome === 'served') continue;
    const reason = why ?? (outcome === 'left' ? 'no token came in time' : String(outcome));
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

/** The difference of two results of the same requests: `a` less `b`. */
export function differenceOf(a: Outcome, b: Outcome): Difference {
  const differences = [...a.met].map(([id, isOne]) => 100 * (Number(isOne) - Number(b.met.get(id) ?? false)));
  const count = Math.max(1, differences.length);
  const mean = differences.reduce((sum, one) => sum + one, 0) / count;
  const square = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, count - 1);
  return { mean, error: Math.sqrt(square / count) };
}
