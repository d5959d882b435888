import { shellLine } from '../../core/shell.ts';
import { failsPhase } from '../../core/verdict.ts';
import { enforce, type EnforceOptions } from './enforce.ts';
import { inventory, type InventoryOptions } from './inventory.ts';
import type { Outcome } from './outcome.ts';
import { preflight } from './preflight.ts';
import type { Session } from './session.ts';
import { smoke, type SmokeOptions } from './smoke.ts';
import { validate } from './validate.ts';

/** What `up` takes: what its phases take. */
export type UpOptions = Pick<EnforceOptions, 'takeOver' | 'runtime'> &
  Pick<InventoryOptions, 'backend' | 'vaultInit'> &
  Pick<SmokeOptions, 'throughSsh'>;

/** The five phases in order; stops at the first that did not pass. */
export async function up(session: Session, options: UpOptions): Promise<readonly Outcome[]> {
  const { takeOver, runtime, backend, vaultInit, throughSsh } = options;
  const phases: readonly (() => Promise<Outcome>)[] = [
    () => preflight(session),
    () => inventory(session, undefined, { backend, vaultInit }, true),
    () => validate(session),
    () => enforce(session, { takeOver, runtime }),
    () => smoke(session, { throughSsh }),
  ];
  const outcomes: Outcome[] = [];
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
