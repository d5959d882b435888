import { VALIDATE as record } from '../../phases/validate/index.ts';
import { runValidate } from '../../phases/validate/run.ts';
import { createShipping } from '../shipping/shipping.ts';
import { runPhase } from './attempt.ts';
import { withConfig } from './configured.ts';
import { nextAfter } from './next.ts';
import type { PhaseOutcome } from './outcome.ts';
import type { Session } from './session.ts';

/** Would what we render be right? */
export function runValidateCommand(session: Session): Promise<PhaseOutcome> {
  const shipping = createShipping({ runtimeFile: undefined });
  return runPhase(session, { ...record, next: nextAfter(session, 'enforce --dry-run') }, (run) =>
    withConfig(session, run, (config, tools) => runValidate(config, shipping, tools)),
  );
}
