import { sha256 } from '../core/hash.ts';
import type { PlannedStep } from '../core/recorder.ts';

/** The SHA-256 of a plan as it is shown and kept in evidence: the steps with their details, without secrets and without actions. */
export function planHash(steps: readonly PlannedStep[]): string {
  return sha256(JSON.stringify(steps.map(({ id, title, detail, verb }) => ({ id, title, detail, verb }))));
}
