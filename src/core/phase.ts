import type { Connect } from './host.ts';
import type { Problem } from './problem.ts';
import type { Recorder } from './recorder.ts';
import type { CheckResult } from './verdict.ts';

/** The five phases. */
export type PhaseName = 'preflight' | 'inventory' | 'validate' | 'enforce' | 'smoke';

/** What is known of a phase without running it. */
export interface PhaseRecord<Name extends string = PhaseName> {
  readonly name: Name;
  /** The question it answers, for people. */
  readonly question: string;
  readonly reads: string;
  readonly leaves: string;
}

/** What every phase is given to work with; it reaches nothing else. */
export interface PhaseTools {
  readonly connect: Connect;
  readonly recorder: Recorder;
  /** Shows what would be changed and asks the person; `true` where nobody is to be asked. */
  readonly confirm: (proposal: ConfirmRequest) => Promise<boolean>;
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
}

/** What a person is asked to agree to. */
export interface ConfirmRequest {
  /** `Apply 12 changes to hx-api-server?` */
  readonly question: string;
}

/**
 * How a phase ended. `pending`: a dry run found differences. `declined`: the person said no, and nothing was changed.
 * `failed`: a check of severity error failed or is unknown, a step failed, or there are problems.
 */
export interface PhaseReport {
  readonly ending: 'passed' | 'failed' | 'pending' | 'declined' | 'aborted';
  readonly results: readonly CheckResult[];
  readonly problems: readonly Problem[];
  /** Steps that were applied; under a dry run, those that would be. */
  readonly changes: number;
}
