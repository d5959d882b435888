import type { PhaseRecord } from '../../core/phase.ts';

/** Speaks HTTP alone. */
export const SMOKE: PhaseRecord = {
  name: 'smoke',
  question: 'Does it answer?',
  reads: 'the running gateway',
  leaves: 'a verdict for every request that was made',
};
