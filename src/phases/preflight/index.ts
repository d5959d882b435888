import type { PhaseRecord } from '../../core/phase.ts';

/** Changes nothing. */
export const PREFLIGHT: PhaseRecord = {
  name: 'preflight',
  question: 'May we begin?',
  reads: 'the inventory, and every host of it over SSH',
  leaves: 'a verdict for every check on every host',
};
