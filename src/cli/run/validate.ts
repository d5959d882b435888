import { validate as record } from '../../phases/validate/index.ts';
import { runValidate } from '../../phases/validate/run.ts';
import { createShipping } from '../shipping/shipping.ts';
import { attempt } from './attempt.ts';
import { withConfig } from './configured.ts';
import { nextAfter } from './next.ts';
import type { Outcome } from './outcome.ts';
import type { Session } from './session.ts';

/** Would what we render be right? */
export function validate(session: Session): Promise<Outcome> {
  const shipping = createShipping({ runtimeFile: undefined });
  return attempt(session, { ...record, next: nextAfter(session, 'enforce --dry-run') }, (run) =>
    withConfig(session, run, (config, tools) => runValidate(config, shipping, tools)),
  );
}
