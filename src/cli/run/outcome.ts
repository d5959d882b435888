import type { Problem } from '../../core/problem.ts';
import type { CheckResult } from '../../core/verdict.ts';
import type { RunEnding } from '../../evidence/run-record.ts';
import type { StepEvent } from '../../core/recorder.ts';

/** How one run of a phase came out: what the views show and what decides the exit code. */
export interface PhaseOutcome {
  readonly phase: string;
  readonly ending: RunEnding;
  readonly exitCode: number;
  readonly hosts: readonly string[];
  readonly results: readonly CheckResult[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly changes: number;
  /** The last state of every step, in the order in which they were first heard of. */
  readonly steps: readonly StepEvent[];
  readonly notes: readonly string[];
  readonly startedAt: string;
  readonly durationMs: number;
  /** The run's folder, absolute; `undefined` where it could not be made. */
  readonly evidence: string | undefined;
}
