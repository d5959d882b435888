import type { PhaseRecord } from '../../core/phase.ts';

/** The only phase that changes a host. */
export const ENFORCE: PhaseRecord = {
  name: 'enforce',
  question: 'Install or update the gateway',
  reads: 'the state of every host',
  leaves: 'the plan, the journal of every step, and summary.txt',
};
