import { resolve } from 'node:path';
import { enforce as record } from '../../phases/enforce/index.ts';
import { runEnforce } from '../../phases/enforce/run.ts';
import { createShipping } from '../shipping/shipping.ts';
import { attempt } from './attempt.ts';
import { withConfig } from './configured.ts';
import { nextAfter } from './next.ts';
import type { Outcome } from './outcome.ts';
import type { PhaseOptions, Session } from './session.ts';

/** What enforce takes besides. */
export interface EnforceOptions extends PhaseOptions {
  readonly detailedExitcode?: boolean;
  readonly takeOver?: boolean | undefined;
  readonly runtime?: string | undefined;
}

/** Makes it so, or under a dry run says what would be made so. */
export function enforce(session: Session, options: EnforceOptions): Promise<Outcome> {
  const { runtime, takeOver = false, detailedExitcode = false } = options;
  const shipping = createShipping({
    runtimeFile: runtime === undefined ? undefined : resolve(session.terminal.cwd, runtime),
  });
  const dryRun = options.dryRun === true || options.check === true;
  const undertaking = { ...record, detailedExitCode: detailedExitcode, next: nextAfter(session, 'smoke') };
  return attempt(session, undertaking, (run) =>
    withConfig(session, run, (config, tools) => runEnforce(config, shipping, { dryRun, takeOver }, tools)),
  );
}
