import type { Problem } from './problem.ts';
import type { CheckResult } from './verdict.ts';

/** How far one step of a plan has come. */
export type StepState = 'planned' | 'started' | 'done' | 'failed' | 'undone' | 'unknown';

/** What a phase says while it runs: the view shows it, the evidence keeps it. */
export type PhaseEvent =
  | { readonly kind: 'progress'; readonly host: string; readonly text: string }
  | { readonly kind: 'check'; readonly result: CheckResult }
  | {
      readonly kind: 'step';
      readonly host: string;
      readonly id: string;
      readonly title: string;
      readonly state: StepState;
      readonly detail?: string;
      readonly durationMs?: number;
    }
  | { readonly kind: 'problem'; readonly problem: Problem }
  /** A line for the person: what to do next, what was left. */
  | { readonly kind: 'note'; readonly host?: string; readonly text: string };

/** Where a phase leaves what it saw and did. Redaction happens behind it. */
export interface Recorder {
  event(event: PhaseEvent): void;
  /** Keeps a document in the run's folder; `path` is relative, objects are written as JSON. */
  file(path: string, content: string | object): void;
}
