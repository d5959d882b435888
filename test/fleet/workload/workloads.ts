import type { Workload } from './workload.ts';
import { CALLERS } from './callers.ts';
import { CONVERSATIONS } from './conversations.ts';
import { FAULTS } from './faults.ts';
import { LOAD_LEVELS } from './load-levels.ts';
import { MANY_MODELS } from './many-models.ts';
import { TRACES } from './traces.ts';
import { TWO_SERVERS } from './two-servers.ts';

/** Every workload, in the order of the table. */
export const WORKLOADS: readonly Workload[] = [
  ...TWO_SERVERS,
  ...MANY_MODELS,
  ...CONVERSATIONS,
  ...LOAD_LEVELS,
  ...FAULTS,
  ...CALLERS,
  ...TRACES,
];
