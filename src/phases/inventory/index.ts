import type { PhaseRecord } from '../../core/phase.ts';

/** The operator’s own files. */
export const INVENTORY: PhaseRecord = {
  name: 'inventory',
  question: 'Do the files say what is needed?',
  reads: 'the inventory and group_vars, and what the backends serve',
  leaves: 'the changes to the files, as a diff',
};
