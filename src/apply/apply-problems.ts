import type { Problem } from '../core/problem.ts';
import type { Plan, RunCommand, Step } from '../plan/plan.ts';

/** The Problem of a step that failed. `kind` is that of its batch; `undone`: whether the host was restored, `undefined` if nothing had been changed; `stuck`: the error of a failed restore. */
export function stepFailed(
  step: Step,
  printed: string,
  kind: 'upload' | 'prepare' | 'switch',
  plan: Plan,
  host: string,
  undone: boolean | undefined,
  stuck: string,
): Problem {
  const before = plan.hasPrevious
    ? 'The previous state is restored and running.'
    : 'The previous state is restored: nothing ran before, and nothing runs now.';
  const after =
    step.stage === 'clean'
      ? 'The new state is in place and running. The next enforce removes the rest.'
      : undone === undefined
        ? kind === 'switch'
          ? 'This step and the steps after it changed nothing.'
          : 'The steps after it were not started.'
        : undone
          ? before
          : `Restoring the previous state failed too: ${stuck}`;
  return {
    code: step.id === 'health' ? 'enforce.health' : 'enforce.step-failed',
    summary: `${step.title}: failed`,
    detail: `${printed === '' ? 'The host reported no reason.' : printed}\n${after}`,
    fix:
      undone === false
        ? `sudo systemctl status litellm.socket litellm.service  # on ${host}`
        : `${plan.command}  # after fixing what the host reports; finished steps are not repeated`,
    where: { host },
  };
}

/** The Problem of a host whose journal ended early. */
export function silent(host: string, command: RunCommand): Problem {
  return {
    code: 'enforce.no-journal',
    summary: 'the host did not report how the steps ended',
    detail: 'The connection ended before the journal was complete. The host finishes by itself what it has begun.',
    fix: `${command} --dry-run`,
    where: { host },
  };
}

/** The Problem of a switch whose connection was lost. The host finishes it and keeps its lock until then; the next run sees the result. */
export function outOfSight(problem: Problem, command: RunCommand): Problem {
  return {
    ...problem,
    detail: `${problem.detail}\nThe host finishes what it has begun, or undoes it, by itself. The next run sees which, and continues from there.`,
    fix: command,
  };
}

/** The Problem of a run that was interrupted between two steps. */
export function aborted(host: string, command: RunCommand): Problem {
  return {
    code: 'host.aborted',
    summary: 'stopped before the next step',
    detail: 'Finished steps stay; the next run continues from there.',
    fix: command,
    where: { host },
  };
}
