import { errorMessage, errorStack } from '../../core/error.ts';
import type { PhaseReport } from '../../core/phase.ts';
import type { Recorder } from '../../core/recorder.ts';
import type { Session } from './session.ts';

/** A report that says our own code broke; `crashed` tells it from a phase that failed. */
export interface CrashReport extends PhaseReport {
  readonly crashed: true;
}

/** What to report when the work threw: after Ctrl-C that it was interrupted, else our bug, its stack kept as stack.txt and shown under -v alone. */
export function crashReport(session: Session, error: unknown, recorder: Recorder): PhaseReport | CrashReport {
  const nothing = { results: [], changes: 0 };
  if (session.signal.aborted) return { ...nothing, ending: 'aborted', problems: [] };
  const stack = errorStack(error);
  recorder.file('stack.txt', `${stack}\n`);
  return {
    ...nothing,
    crashed: true,
    ending: 'failed',
    problems: [
      {
        code: 'bug.unexpected',
        summary: 'hxllm broke off: this is a bug of ours',
        detail: session.options.verbose === true ? stack : errorMessage(error),
        fix: 'send us the evidence of this run (stack.txt in it says where it broke), or run it again with -v',
      },
    ],
  };
}
