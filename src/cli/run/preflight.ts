import { preflight as record } from '../../phases/preflight/index.ts';
import { runPreflight } from '../../phases/preflight/run.ts';
import { attempt } from './attempt.ts';
import { withConfig } from './configured.ts';
import { nextAfter } from './next.ts';
import type { Outcome } from './outcome.ts';
import type { Session } from './session.ts';

/** May we begin? */
export function preflight(session: Session): Promise<Outcome> {
  return attempt(session, { ...record, next: nextAfter(session, 'inventory') }, (run) =>
    withConfig(session, run, runPreflight),
  );
}
