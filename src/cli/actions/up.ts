import { fixMarked } from '../run/next.ts';
import { runEnforceCommand, type EnforceCommandOptions } from './enforce.ts';
import { runInventoryCommand, type InventoryCommandOptions } from './inventory.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import { runPreflightCommand } from './preflight.ts';
import type { Session } from '../run/session.ts';
import { runSmokeCommand, type SmokeCommandOptions } from './smoke.ts';
import { runValidateCommand } from './validate.ts';

/** The options of `up`: those of its phases. */
export type UpCommandOptions = Pick<EnforceCommandOptions, 'takeOver' | 'allowDowngrade' | 'runtime'> &
  Pick<InventoryCommandOptions, 'backend' | 'vaultInit'> &
  Pick<SmokeCommandOptions, 'throughSsh'>;

/** Runs the five phases in order; stops at the first that does not pass. */
export async function runUpCommand(session: Session, options: UpCommandOptions): Promise<readonly PhaseOutcome[]> {
  const { takeOver, allowDowngrade, runtime, backend, vaultInit, throughSsh } = options;
  const phases: readonly (() => Promise<PhaseOutcome>)[] = [
    () => runPreflightCommand(session),
    () => runInventoryCommand(session, undefined, { backend, vaultInit }, true),
    () => runValidateCommand(session),
    () => runEnforceCommand(session, { takeOver, allowDowngrade, runtime }),
    () => runSmokeCommand(session, { throughSsh }),
  ];
  const outcomes: PhaseOutcome[] = [];
  for (const phase of phases) {
    const outcome = await phase();
    outcomes.push(outcome);
    if (outcome.ending !== 'passed' || session.signal.aborted) break;
  }
  const last = outcomes.at(-1);
  session.view.finish('up', outcomes, last?.ending === 'failed' ? fixMarked(session, last.results) : undefined);
  return outcomes;
}
