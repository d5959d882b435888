import type { Random } from '../../../src/simulation/random.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';

/** Classes of workloads, in the order of the table. */
export const WORKLOAD_CLASSES = [
  'two servers',
  'more models than fit',
  'conversations and shared prompts',
  'load levels and overload',
  'long tails and faults',
  'greedy and heavy callers',
  'real traces',
] as const;

/** A class of workloads. */
export type WorkloadClass = (typeof WORKLOAD_CLASSES)[number];

/** A workload: a scenario for each seed. */
export interface Workload {
  readonly name: string;
  readonly about: string;
  readonly class: WorkloadClass;
  readonly scenario: (random: Random) => Scenario;
}
