import type { RoutingStrategy } from '../../src/core/routing-strategy.ts';
import { productPolicy } from './policies.ts';
import { Random } from '../../src/simulation/random.ts';
import { scoreOf, type Score } from '../../src/simulation/score.ts';
import { simulate, type SimResult, type StatedSlots } from '../../src/simulation/simulation.ts';
import { policyWithout, workWithout } from './without.ts';
import { withSlots } from './workload/true-slots.ts';
import { WORKLOADS } from './workload/workloads.ts';

/** One simulation. */
export interface Task {
  readonly workload: string;
  readonly seed: number;
  readonly strategy: RoutingStrategy;
  readonly slots: StatedSlots;
  /** The idea that is taken away. */
  readonly without?: string | undefined;
  /** The slots of the servers, if not those of the workload. */
  readonly trueSlots?: number | undefined;
}

/** The score of a simulation, and the time that it took, ms. */
export interface TaskResult extends Task {
  readonly score: Score;
  readonly events: number;
  readonly tookMs: number;
}

/** Runs one simulation; the requests depend on workload and seed alone. */
export function resultOf({ workload: name, seed, strategy, slots, trueSlots, without }: Task): SimResult {
  const workload = WORKLOADS.find((one) => one.name === name);
  if (workload === undefined) throw new Error(`unknown workload: ${name}`);
  const policy = policyWithout(productPolicy(strategy, new Random(seed, 'policy')), without);
  const scenario = workload.scenario(new Random(seed, name));
  const own = trueSlots === undefined ? scenario : withSlots(scenario, trueSlots);
  return simulate(own, policy, slots, (work) => workWithout(work, without));
}

/** Runs one simulation and scores it. */
export function runTask(task: Task): TaskResult {
  const startMs = performance.now();
  const result = resultOf(task);
  const tookMs = performance.now() - startMs;
  return { ...task, score: scoreOf(result), events: result.events, tookMs };
}
