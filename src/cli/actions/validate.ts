import { VALIDATE as record } from '../../phases/validate/index.ts';
import { runValidate } from '../../phases/validate/run.ts';
import { createShipping } from '../shipping/shipping.ts';
import { runPhase } from '../run/run-phase.ts';
import { withConfig } from '../run/with-config.ts';
import { nextAfter } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { Session } from '../run/session.ts';

/** Runs validate. */
export function runValidateCommand(session: Session): Promise<PhaseOutcome> {
  const shipping = createShipping({ runtimeFile: undefined });
  return runPhase(session, { ...record, next: nextAfter(session, 'enforce --dry-run') }, (run) =>
    withConfig(session, run, (config, tools) => runValidate(config, shipping, tools)),
  );
}
