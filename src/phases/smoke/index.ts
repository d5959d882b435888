import type { PhaseRecord } from '../../core/phase.ts';
import { SMOKE_FAMILIES } from './families.ts';

/** Tests the running gateway over HTTP. */
export const SMOKE: PhaseRecord = {
  name: 'smoke',
  question: 'Does the gateway answer?',
  reads: 'the running gateway',
  leaves: 'every request with its answer, and the verdicts',
  families: SMOKE_FAMILIES,
};
