import type { Problem } from '../core/problem.ts';
import type { CheckResult } from '../core/verdict.ts';

/** The version of what run.json, manifest.json and the lines of events.jsonl look like. */
export const SCHEMA_VERSION = 1;

/** How a run ended. `crashed`: hxllm itself failed. A folder without run.json was cut off: killed, or the power went. */
export type RunEnding = 'passed' | 'failed' | 'pending' | 'declined' | 'aborted' | 'crashed';

/** What is known when a run begins; the first line of events.jsonl. */
export interface RunOpening {
  readonly phase: string;
  readonly version: string;
  /** As typed, secrets aside. */
  readonly command: readonly string[];
  readonly cwd: string;
  /** Who ran it, on which machine: `ada@workstation`. */
  readonly by: string;
  readonly pid: number;
}

/** What is known when it has ended. */
export interface RunClosing {
  readonly ending: RunEnding;
  readonly exitCode: number;
  readonly hosts: readonly string[];
  /** The operator’s files that were read, with what was in them then. */
  readonly inputs: readonly InputFile[];
  readonly changes: number;
  readonly results: readonly CheckResult[];
  readonly problems: readonly Problem[];
  /** What was questionable in the files and no reason to stop. */
  readonly warnings: readonly Problem[];
}

/** A file that a run read, and what was in it. */
export interface InputFile {
  readonly path: string;
  readonly sha256: string;
}

/** run.json: who ran what, with which files, when, every verdict, and how it ended. */
export interface RunRecord extends RunOpening, RunClosing {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly run: string;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly durationMs: number;
}
