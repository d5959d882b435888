import type { Problem } from '../../core/problem.ts';
import type { PhaseEvent } from '../../core/recorder.ts';
import type { PhaseOutcome } from '../run/outcome.ts';

/** The display of a running command. */
export interface View {
  /** A phase begins. Shown at once, before anything is read. With titles of `families`, its checks are folded, failures first. */
  begin(phase: string, question: string, families?: Readonly<Record<string, string>>): void;
  /** The hosts are known. If there are several, lines are grouped by host from now on. */
  hosts(names: readonly string[]): void;
  event(event: PhaseEvent): void;
  warning(problem: Problem): void;
  /** The change of a file, as a unified diff. */
  diff(diff: string): void;
  /** The phase has ended; `next` is the next command to type. */
  end(outcome: PhaseOutcome, next: string | undefined): void;
  /** The command that ran these phases has ended. */
  finish(command: string, outcomes: readonly PhaseOutcome[], next: string | undefined): void;
  /** Stops the spinner until the next event, so that a question can be asked. */
  pause(): void;
}
