import { shellLine } from '../../core/shell.ts';
import { failsPhase } from '../../core/verdict.ts';
import { runEnforceCommand, type EnforceCommandOptions } from './enforce.ts';
import { runInventoryCommand, type InventoryCommandOptions } from './inventory.ts';
import type { PhaseOutcome } from '../run/outcome.ts';
import { runPreflightCommand } from './preflight.ts';
import type { Session } from '../run/session.ts';
import { runSmokeCommand, type SmokeCommandOptions } from './smoke.ts';
import { runValidateCommand } from './validate.ts';

/** What `up` takes: what its phases take. */
export type UpCommandOptions = Pick<EnforceCommandOptions, 'takeOver' | 'runtime'> &
  Pick<InventoryCommandOptions, 'backend' | 'vaultInit'> &
  Pick<SmokeCommandOptions, 'throughSsh'>;

/** The five phases in order; stops at the first that did not pass. */
export async function runUpCommand(session: Session, options: UpCommandOptions): Promise<readonly PhaseOutcome[]> {
  const { takeOver, runtime, backend, vaultInit, throughSsh } = options;
  const phases: readonly (() => Promise<PhaseOutcome>)[] = [
    () => runPreflightCommand(session),
    () => runInventoryCommand(session, undefined, { backend, vaultInit }, true),
    () => runValidateCommand(session),
    () => runEnforceCommand(session, { takeOver, runtime }),
    () => runSmokeCommand(session, { throughSsh }),
  ];
  const outcomes: PhaseOutcome[] = [];
  for (const phase of phases) {
    const outcome = await phase();
    outcomes.push(outcome);
    if (outcome.ending !== 'passed' || session.signal.aborted) break;
  }
  const last = outcomes.at(-1);
  const marked = last?.ending === 'failed' && last.results.some(failsPhase);
  session.view.finish('up', outcomes, marked ? `mend what is marked, then: ${shellLine(session.command)}` : undefined);
  return outcomes;
}
