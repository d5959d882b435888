import type { PhaseRecord } from '../../../core/phase.ts';

/** Undoes enforce. It runs like a phase but is not one of the five: no deployment passes through it. */
export const UNINSTALL: PhaseRecord<'uninstall'> = {
  name: 'uninstall',
  question: 'Remove what hxllm installed',
  reads: 'the state of every host',
  leaves: 'the journal of every step, and summary.txt',
};
