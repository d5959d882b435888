import type { Random } from './random.ts';
import type { SimRequest } from './request.ts';
import type { SimModel } from './server/model.ts';
import type { ServerSpec } from './server/server.ts';

/** An event of a server's life: it dies, starts again, or runs at a part of its speed (0: it stands still). */
export interface Fault {
  readonly atMs: number;
  /** Index of the server. */
  readonly server: number;
  readonly change: 'die' | 'start' | { readonly slow: number };
}

/** Everything that happens in a simulation apart from decisions. */
export interface Scenario {
  readonly servers: readonly ServerSpec[];
  readonly models: readonly SimModel[];
  /** In the order of their times. */
  readonly requests: readonly SimRequest[];
  readonly faults: readonly Fault[];
}

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
