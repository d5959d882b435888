import type { EventData } from 'node:test';

/** The number of tests by result, in the words of node's own runner. */
export interface Tally {
  readonly tests: number;
  readonly suites: number;
  readonly passed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly todo: number;
  readonly durationMs: number;
  /** Whether the runner found no failure, also of the files themselves. */
  readonly success: boolean;
}

export const EMPTY: Tally = {
  tests: 0,
  suites: 0,
  passed: 0,
  failed: 0,
  cancelled: 0,
  skipped: 0,
  todo: 0,
  durationMs: 0,
  success: true,
};

/** Adds two tallies. */
export function addTallies(a: Tally, b: Tally): Tally {
  return {
    tests: a.tests + b.tests,
    suites: a.suites + b.suites,
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    cancelled: a.cancelled + b.cancelled,
    skipped: a.skipped + b.skipped,
    todo: a.todo + b.todo,
    durationMs: a.durationMs + b.durationMs,
    success: a.success && b.success,
  };
}

/** The closing lines, in the format of node's spec reporter. */
export function summaryLines(tally: Tally): readonly string[] {
  const rows = {
    tests: tally.tests,
    suites: tally.suites,
    pass: tally.passed,
    fail: tally.failed,
    cancelled: tally.cancelled,
    skipped: tally.skipped,
    todo: tally.todo,
    duration_ms: Math.round(tally.durationMs),
  };
  return Object.entries(rows).map(([name, count]) => `ℹ ${name} ${String(count)}`);
}

/** Node's own counts as a tally; node gives no count of failed tests, so it is the rest. */
export function tallyOf(
  { tests, suites, passed, cancelled, skipped, todo }: EventData.TestSummary['counts'],
  success: boolean,
  durationMs: number,
): Tally {
  return {
    tests,
    suites,
    passed,
    failed: tests - passed - cancelled - skipped - todo,
    cancelled,
    skipped,
    todo,
    durationMs,
    success,
  };
}
