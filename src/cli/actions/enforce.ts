import { resolve } from 'node:path';
import { ENFORCE as record } from '../../phases/enforce/index.ts';
import { ok } from '../../core/problem.ts';
import { runEnforce, type EnforceOptions } from '../../phases/enforce/run.ts';
import type { UnsealedPlan } from '../../phases/enforce/saved/document.ts';
import { readPlan, writePlan } from '../files/plan-file.ts';
import { createShipping } from '../shipping/shipping.ts';
import { runPhase } from '../run/run-phase.ts';
import { failedBy, withConfig } from '../run/with-config.ts';
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
  readonly out?: string | undefined;
  readonly plan?: string | undefined;
  readonly serial?: number | undefined;
}

/** Runs enforce: plans and applies, or only plans in a dry run. */
export function runEnforceCommand(session: Session, options: EnforceCommandOptions): Promise<PhaseOutcome> {
  const { runtime, takeOver = false, allowDowngrade = false, verify = false, detailedExitcode = false } = options;
  const { cwd } = session.terminal;
  const shipping = createShipping({ runtimeFile: runtime === undefined ? undefined : resolve(cwd, runtime) });
  const dryRun = options.dryRun === true || options.check === true;
  const { out, plan, serial = 1 } = options;
  const own = {
    dryRun,
    takeOver,
    allowDowngrade,
    verify,
    serial,
    ...(out === undefined ? {} : { save: saveTo(session, out) }),
  };
  const spec = { ...record, detailedExitCode: detailedExitcode, next: nextAfter(session, 'smoke') };
  return runPhase(session, spec, async (run) => {
    const saved = plan === undefined ? undefined : await readPlan(resolve(cwd, plan), plan);
    if (saved?.ok === false) return failedBy(saved.problems);
    if (saved !== undefined) run.tools.recorder.file('saved-plan.json', saved.value);
    const applied = saved === undefined || plan === undefined ? {} : { saved: { file: plan, plan: saved.value } };
    return withConfig(session, run, (config, tools) => runEnforce(config, shipping, { ...own, ...applied }, tools), {
      sends: true,
      becomes: true,
    });
  });
}

function saveTo({ terminal, redaction }: Session, file: string): NonNullable<EnforceOptions['save']> {
  return async (plan) => {
    // The plan has no secret; a mask for what an operator wrote somewhere else keeps its shape.
    const masked = redaction.data(plan) as UnsealedPlan;
    const written = await writePlan(resolve(terminal.cwd, file), file, masked);
    return written.ok ? ok(`saved the plan in ${file} (SHA-256 ${written.value.sha256})`) : written;
  };
}
