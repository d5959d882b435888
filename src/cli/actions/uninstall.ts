import { UNINSTALL } from '../../phases/enforce/uninstall/index.ts';
import { runUninstall } from '../../phases/enforce/uninstall/run.ts';
import { runPhase } from '../run/run-phase.ts';
import { withConfig } from '../run/with-config.ts';
import { nextAfter } from '../run/next.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import type { PhaseOptions, Session } from '../run/session.ts';

/** The options of `hxllm uninstall`. */
export interface UninstallCommandOptions extends PhaseOptions {
  readonly keepData?: boolean;
}

/** Runs uninstall. */
export function runUninstallCommand(
  session: Session,
  { dryRun = false, keepData = false }: UninstallCommandOptions,
): Promise<PhaseOutcome> {
  return runPhase(session, { ...UNINSTALL, next: nextAfter(session, undefined) }, (run) =>
    withConfig(session, run, (config, tools) => runUninstall(config, { dryRun, keepData }, tools), { becomes: true }),
  );
}
