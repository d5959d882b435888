import { PREFLIGHT as record } from '../../phases/preflight/index.ts';
import { runPreflight } from '../../phases/preflight/run.ts';
import { runPhase } from '../run/run-phase.ts';
import { withConfig } from '../run/with-config.ts';
import { nextAfter } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { Session } from '../run/session.ts';

/** Runs preflight. */
export function runPreflightCommand(session: Session): Promise<PhaseOutcome> {
  return runPhase(session, { ...record, next: nextAfter(session, 'inventory') }, (run) =>
    withConfig(session, run, runPreflight, { becomes: true }),
  );
}
