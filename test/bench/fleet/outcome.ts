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
}

/** A difference of two shares over the same requests, in percent points, with its standard error. */
export interface Difference {
  readonly mean: number;
  readonly error: number;
}

/** Scores records and loads. */
export function outcomeOf(
  gateway: string,
  result: { readonly records: readonly SimRecord[]; readonly loads: readonly SimLoad[] },
  cpuS?: number,
): Outcome {
  const met = new Map(result.records.map((record) => [record.request.id, isMet(record)]));
  return { gateway, score: scoreOf(result), met, cpuS };
}

/** The difference of two results of the same requests: `a` less `b`. */
export function differenceOf(a: Outcome, b: Outcome): Difference {
  const differences = [...a.met].map(([id, isOne]) => 100 * (Number(isOne) - Number(b.met.get(id) ?? false)));
  const count = Math.max(1, differences.length);
  const mean = differences.reduce((sum, one) => sum + one, 0) / count;
  const square = differences.reduce((sum, one) => sum + (one - mean) ** 2, 0) / Math.max(1, count - 1);
  return { mean, error: Math.sqrt(square / count) };
}
