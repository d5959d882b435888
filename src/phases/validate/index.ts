import type { PhaseRecord } from '../../core/phase.ts';

/** Touches no service. */
export const VALIDATE: PhaseRecord = {
  name: 'validate',
  question: 'Would what we render be right?',
  reads: 'the templates and the variables of every host',
  leaves: 'the renders, secrets redacted, and a verdict for each',
};
