import { PREFLIGHT as record } from '../../phases/preflight/index.ts';
import { runPreflight } from '../../phases/preflight/run.ts';
import { runPhase } from './attempt.ts';
import { withConfig } from './configured.ts';
import { nextAfter } from './next.ts';
import type { PhaseOutcome } from './outcome.ts';
import type { Session } from './session.ts';

/** May we begin? */
export function runPreflightCommand(session: Session): Promise<PhaseOutcome> {
  return runPhase(session, { ...record, next: nextAfter(session, 'inventory') }, (run) =>
    withConfig(session, run, runPreflight),
  );
}
