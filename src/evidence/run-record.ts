import type { Problem } from '../core/problem.ts';
import type { CheckResult } from '../core/verdict.ts';

/** The version of the format of run.json, manifest.json and events.jsonl. */
export const SCHEMA_VERSION = 1;

/**
 * How a run ended. `crashed`: hxllm itself failed. A folder without run.json was cut off (killed, power failure); the next run closes
 * it as `cut-off`.
 */
export type RunEnding = 'passed' | 'failed' | 'pending' | 'declined' | 'aborted' | 'crashed' | 'cut-off';

/** The facts known at the beginning of a run; the first line of events.jsonl. */
export interface RunOpening {
  readonly phase: string;
  readonly version: string;
  /** The command as typed, with secrets redacted. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** User and machine: `ada@workstation`. */
  readonly by: string;
  readonly pid: number;
}

/** The facts known at the end of a run. */
export interface RunClosing {
  readonly ending: RunEnding;
  readonly exitCode: number;
  readonly hosts: readonly string[];
  /** The operator’s files that were read, with the hash of their content. */
  readonly inputs: readonly InputFile[];
  readonly changes: number;
  readonly results: readonly CheckResult[];
  readonly problems: readonly Problem[];
  /** Findings in the files that did not stop the run. */
  readonly warnings: readonly Problem[];
  /** Runs that were cut off and that this run closed: `enforce/20261123T231500Z`. */
  readonly closed?: readonly string[];
}

/** A file that a run read, with the hash of its content. */
export interface InputFile {
  readonly path: string;
  readonly sha256: string;
}

/** run.json: user, command, files, times, every verdict, and the ending. */
export interface RunRecord extends RunOpening, RunClosing {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly run: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly durationMs: number;
  /** Only of a run that was cut off: the run that closed it. */
  readonly closedBy?: string;
}
