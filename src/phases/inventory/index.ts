import type { PhaseRecord } from '../../core/phase.ts';

/** Judges and completes the operator’s own files. */
export const INVENTORY: PhaseRecord = {
  name: 'inventory',
  question: 'Are the inventory and its variables complete?',
  reads: 'the inventory, group_vars and the models of the backends',
  leaves: 'the changes to the files, as a diff',
};
