import { PREFLIGHT as record } from '../../phases/preflight/index.ts';
import { runPreflight } from '../../phases/preflight/run.ts';
import { runPhase } from '../run/run-phase.ts';
import { withConfig } from '../run/with-config.ts';
import { nextAfter } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { Session } from '../run/session.ts';

/** Runs preflight; with `only`, these families and ids of checks. A part that passed says nothing of the rest, so all of it is next. */
export function runPreflightCommand(session: Session, only?: readonly string[]): Promise<PhaseOutcome> {
  const next = nextAfter(session, only === undefined ? 'inventory' : 'preflight');
  return runPhase(session, { ...record, next }, (run) =>
    withConfig(session, run, (config, tools) => runPreflight(config, tools, { only }), { becomes: true }),
  );
}
