import type { Problem } from './problem.ts';
import type { CheckResult } from './verdict.ts';

/** The progress of one step of a plan. */
export type StepState = 'planned' | 'started' | 'done' | 'failed' | 'undone' | 'unknown';

/** The kind of a planned step. `check` changes nothing. */
export type StepVerb =
  | 'create'
  | 'send'
  | 'copy'
  | 'write'
  | 'change'
  | 'switch'
  | 'enable'
  | 'start'
  | 'restart'
  | 'reload'
  | 'stop'
  | 'remove'
  | 'check';

/** One step of a plan, as a person reads it before it is applied. */
export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  readonly detail: string;
  readonly verb: StepVerb;
  /** The reason why the step cannot be planned yet. */
  readonly blocked?: string;
}

/** An event of a running phase: the view shows it, the evidence keeps it. */
export type PhaseEvent = KeptEvent | PlanEvent;

/** The whole plan of one host. The view shows it with its totals; it is kept as one `step` event for each step. */
export interface PlanEvent {
  readonly kind: 'plan';
  readonly host: string;
  readonly steps: readonly PlannedStep[];
}

/** The current state of a step. */
export interface StepEvent {
  readonly kind: 'step';
  readonly host: string;
  readonly id: string;
  readonly title: string;
  readonly state: StepState;
  readonly detail?: string;
  readonly durationMs?: number;
}

/** A line of a host's own record: the state of a step of a run. */
export interface RecordedStep {
  /** The id of the run on this host. */
  readonly run: string;
  readonly at: string;
  readonly step: string;
  /** `stuck`: it should have been undone, and that failed. */
  readonly state: 'done' | 'failed' | 'undone' | 'stuck';
}

/** The events that evidence and `--json` hold. */
export type KeptEvent =
  | { readonly kind: 'progress'; readonly host: string; readonly text: string }
  | { readonly kind: 'check'; readonly result: CheckResult }
  | StepEvent
  /** The host's own record of this run has lines with this id. */
  | { readonly kind: 'record'; readonly host: string; readonly id: string }
  /** The host's own record of earlier runs that did not say how they ended; empty if it has no line of them. */
  | { readonly kind: 'recorded'; readonly host: string; readonly steps: readonly RecordedStep[] }
  | { readonly kind: 'problem'; readonly problem: Problem }
  /** A line for the operator: the next command, things that were left alone. */
  | { readonly kind: 'note'; readonly host?: string; readonly text: string };

/** An event as it is kept. */
export function keptEvents(event: PhaseEvent): readonly KeptEvent[] {
  if (event.kind !== 'plan') return [event];
  return event.steps.map(({ id, title, detail, blocked }) => ({
    kind: 'step',
    host: event.host,
    id,
    title,
    state: blocked === undefined ? 'planned' : 'unknown',
    detail: blocked ?? detail,
  }));
}

/** Takes the events and documents of a phase. Redaction happens behind it. */
export interface Recorder {
  event(event: PhaseEvent): void;
  /** Keeps a document in the run's folder. `path` is relative; objects are written as JSON. */
  file(path: string, content: string | object): void;
}
