import { errorMessage, errorStack } from '../../core/error.ts';
import type { PhaseReport } from '../../core/phase.ts';
import type { Recorder } from '../../core/recorder.ts';
import type { Session } from './session.ts';

/** The report of a crash of hxllm itself. `crashed` tells it from a phase that failed. */
export interface CrashReport extends PhaseReport {
  readonly crashed: true;
}

/** The report if the work threw: interrupted after Ctrl-C, else a crash, whose stack is kept as stack.txt and shown only under -v. */
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
        summary: 'hxllm crashed; this is a bug in hxllm',
        detail: session.options.verbose === true ? stack : errorMessage(error),
        fix: 'report the bug with the evidence of this run (stack.txt holds the stack), or run the same command with -v',
      },
    ],
  };
}
