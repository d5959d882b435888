import type { Problem } from '../../core/problem.ts';
import type { PhaseEvent } from '../../core/recorder.ts';
import type { PhaseOutcome } from '../run/outcome.ts';

/** What a person sees of a run while it goes on. */
export interface View {
  /** A phase begins; on screen at once, before anything is read. */
  begin(phase: string, question: string): void;
  /** The hosts are known; several of them are told apart from here on. */
  hosts(names: readonly string[]): void;
  event(event: PhaseEvent): void;
  warning(problem: Problem): void;
  /** What would change in a file, as a unified diff. */
  diff(diff: string): void;
  /** The phase has ended; `next` is what to type now. */
  end(outcome: PhaseOutcome, next: string | undefined): void;
  /** The command that ran these phases has ended. */
  finish(command: string, outcomes: readonly PhaseOutcome[], next: string | undefined): void;
  /** Nothing moves on screen until the next event, so that a question can be asked. */
  pause(): void;
}
