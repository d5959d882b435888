import type { PhaseRecord } from '../../core/phase.ts';
import { FAMILIES } from './checks/families.ts';

/** Judges hosts and changes nothing. */
export const PREFLIGHT: PhaseRecord = {
  name: 'preflight',
  question: 'Are the hosts ready?',
  reads: 'the inventory, and each of its hosts over SSH',
  leaves: 'a verdict for every check on every host',
  families: FAMILIES,
};
