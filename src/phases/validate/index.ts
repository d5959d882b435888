import type { PhaseRecord } from '../../core/phase.ts';

/** Judges the rendered files and changes nothing. */
export const VALIDATE: PhaseRecord = {
  name: 'validate',
  question: 'Are the rendered files right?',
  reads: 'the templates and the variables of every host',
  leaves: 'the rendered files (secrets redacted) and a verdict for each',
};
