import type { PhaseRecord } from '../../../core/phase.ts';

/** Goes back to an earlier deployment. It runs like a phase but is not one of the five. */
export const ROLLBACK: PhaseRecord<'rollback'> = {
  name: 'rollback',
  question: 'Go back to an earlier deployment',
  reads: 'the deployments that every host keeps, and its state',
  leaves: 'the plan, the journal of every step, and summary.txt',
};
