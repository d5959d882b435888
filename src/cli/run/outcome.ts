import type { Problem } from '../../core/problem.ts';
import type { CheckResult } from '../../core/verdict.ts';
import type { RunEnding } from '../../evidence/run-record.ts';
import type { ScanDocument } from '../../phases/inventory/scan/scan-document.ts';
import type { StepEvent } from '../../core/recorder.ts';

/** The outcome of one phase: the views show it, `--json` prints it, and it decides the exit code. */
export interface PhaseOutcome {
  readonly phase: string;
  readonly ending: RunEnding;
  readonly exitCode: number;
  readonly hosts: readonly string[];
  readonly results: readonly CheckResult[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  readonly changes: number;
  /** The last state of every step, in the order of their first events. */
  readonly steps: readonly StepEvent[];
  readonly notes: readonly string[];
  readonly startedAt: string;
  readonly durationMs: number;
  /** The absolute path of the run's folder; `undefined` if it could not be created. */
  readonly evidence: string | undefined;
  /** The SHA-256 of the run's manifest, which the evidence's chain ends with; absent if the run could not be closed. */
  readonly head?: string;
  /** The result of `inventory --scan`. */
  readonly scan?: ScanDocument;
}
