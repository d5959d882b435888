import { resolve } from 'node:path';
import { ENFORCE as record } from '../../phases/enforce/index.ts';
import { runEnforce } from '../../phases/enforce/run.ts';
import { createShipping } from '../shipping/shipping.ts';
import { runPhase } from '../run/run-phase.ts';
import { withConfig } from '../run/with-config.ts';
import { nextAfter } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { PhaseOptions, Session } from '../run/session.ts';

/** The options of enforce. */
export interface EnforceCommandOptions extends PhaseOptions {
  readonly detailedExitcode?: boolean;
  readonly takeOver?: boolean | undefined;
  readonly allowDowngrade?: boolean | undefined;
  readonly verify?: boolean | undefined;
  readonly runtime?: string | undefined;
}

/** Runs enforce: plans and applies, or only plans in a dry run. */
export function runEnforceCommand(session: Session, options: EnforceCommandOptions): Promise<PhaseOutcome> {
  const { runtime, takeOver = false, allowDowngrade = false, verify = false, detailedExitcode = false } = options;
  const shipping = createShipping({
    runtimeFile: runtime === undefined ? undefined : resolve(session.terminal.cwd, runtime),
  });
  const dryRun = options.dryRun === true || options.check === true;
  const spec = { ...record, detailedExitCode: detailedExitcode, next: nextAfter(session, 'smoke') };
  return runPhase(session, spec, (run) =>
    withConfig(
      session,
      run,
      (config, tools) => runEnforce(config, shipping, { dryRun, takeOver, allowDowngrade, verify }, tools),
      { sends: true, becomes: true },
    ),
  );
}
