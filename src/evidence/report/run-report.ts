import type { Problem } from '../../core/problem.ts';
import type { KeptEvent, StepEvent } from '../../core/recorder.ts';
import type { CheckResult } from '../../core/verdict.ts';
import type { RunRecord } from '../run-record.ts';

/** A line of events.jsonl. */
export type ReportedEvent = KeptEvent & { readonly at: string };

/** The change of a file, as a unified diff. */
export interface ReportedDiff {
  readonly path: string;
  readonly text: string;
}

/** A run as its reports show it. */
export interface RunReport {
  readonly record: RunRecord;
  /** The last state of each step. */
  readonly steps: readonly StepEvent[];
  readonly events: readonly ReportedEvent[];
  readonly diffs: readonly ReportedDiff[];
  /** The document `measurements.json` of smoke. */
  readonly measurements?: unknown;
}

/** The hosts of a run of which it has no result and no step, with the reason: they were not reached, or the run ended before. */
export function silentHosts({ record, steps }: RunReport): readonly { readonly host: string; readonly why: string }[] {
  const seen = new Set([...record.results, ...steps].map(({ host }) => host));
  const told = new Set(record.problems.map(({ where }) => where?.host));
  return record.hosts
    .filter((host) => !seen.has(host) && !told.has(host) && record.ending !== 'passed' && record.ending !== 'pending')
    .map((host) => ({ host, why: `the run ended as ${record.ending} without a result of this host` }));
}

/** The family of a check: the part of its id before the dot. */
export function familyOf({ id }: CheckResult): string {
  return id.split('.')[0] ?? id;
}

/** A Problem as lines of text. */
export function problemLines({ detail, fix }: Problem): string {
  return `${detail}\nfix: ${fix}`;
}
