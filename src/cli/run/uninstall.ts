import { runUninstall } from '../../phases/enforce/remove.ts';
import { runPhase } from './attempt.ts';
import { withConfig } from './configured.ts';
import { nextAfter } from './next.ts';
import type { PhaseOutcome } from './outcome.ts';
import type { PhaseOptions, Session } from './session.ts';

/** Removes from every host what carries hxllm's mark. */
export function runUninstallCommand(session: Session, { dryRun = false }: PhaseOptions): Promise<PhaseOutcome> {
  const spec = {
    name: 'uninstall',
    question: 'Take back what hxllm put there',
    next: nextAfter(session, undefined),
  };
  return runPhase(session, spec, (run) =>
    withConfig(session, run, (config, tools) => runUninstall(config, { dryRun }, tools)),
  );
}
