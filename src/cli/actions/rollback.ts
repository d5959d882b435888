import { ROLLBACK } from '../../phases/enforce/rollback/index.ts';
import { runEnforce } from '../../phases/enforce/run.ts';
import { createShipping } from '../shipping/shipping.ts';
import { runPhase } from '../run/run-phase.ts';
import { withConfig } from '../run/with-config.ts';
import { nextAfter } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { PhaseOptions, Session } from '../run/session.ts';

/** The options of rollback. */
export interface RollbackOptions extends PhaseOptions {
  readonly codeOnly?: boolean;
  readonly detailedExitcode?: boolean;
}

/** Runs rollback: plans and applies the way back, or only plans it in a dry run. */
export function runRollbackCommand(session: Session, to: number, options: RollbackOptions): Promise<PhaseOutcome> {
  const { codeOnly = false, detailedExitcode = false } = options;
  const dryRun = options.dryRun === true || options.check === true;
  const spec = { ...ROLLBACK, detailedExitCode: detailedExitcode, next: nextAfter(session, 'smoke') };
  const shipping = createShipping({ runtimeFile: undefined });
  const own = { dryRun, takeOver: false, allowDowngrade: true, verify: false, rollback: { to, codeOnly } };
  return runPhase(session, spec, (run) =>
    withConfig(session, run, (config, tools) => runEnforce(config, shipping, own, tools), { becomes: true }),
  );
}
