import { runRemove } from '../../phases/enforce/remove.ts';
import { attempt } from './attempt.ts';
import { withConfig } from './configured.ts';
import { nextAfter } from './next.ts';
import type { Outcome } from './outcome.ts';
import type { PhaseOptions, Session } from './session.ts';

/** Removes from every host what carries hxllm's mark. */
export function uninstall(session: Session, { dryRun = false }: PhaseOptions): Promise<Outcome> {
  const undertaking = {
    name: 'uninstall',
    question: 'Take back what hxllm put there',
    next: nextAfter(session, undefined),
  };
  return attempt(session, undertaking, (run) =>
    withConfig(session, run, (config, tools) => runRemove(config, { dryRun }, tools)),
  );
}
