import { once } from 'node:events';
import { join, relative } from 'node:path';
import { run, type EventData } from 'node:test';
import { inspect, stripVTControlCharacters } from 'node:util';

/** How many tests ended how, in the words of node's own runner. */
export interface Tally {
  readonly tests: number;
  readonly suites: number;
  readonly passed: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly todo: number;
  readonly durationMs: number;
  /** Whether the runner found nothing wrong, also with the files themselves. */
  readonly success: boolean;
}

export const EMPTY: Tally = { tests: 0, suites: 0, passed: 0, failed: 0, cancelled: 0, skipped: 0, todo: 0, durationMs: 0, success: true };

/** A file that takes longer than this hangs. */
const FILE_TIMEOUT_MS = 600_000;
const WIDTH = 100;
/** Lines that are shown of something long. */
const LINES = 40;

type Failure = EventData.TestFail;
type Counts = EventData.TestSummary['counts'];

/** Adds up two runs. */
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

/** The closing lines, as node's spec reporter has them. */
export function summaryLines(tally: Tally): readonly string[] {
  const rows = { tests: tally.tests, suites: tally.suites, pass: tally.passed, fail: tally.failed, cancelled: tally.cancelled, skipped: tally.skipped, todo: tally.todo, duration_ms: Math.round(tally.durationMs) };
  return Object.entries(rows).map(([name, count]) => `ℹ ${name} ${String(count)}`);
}

/** Runs test files with node's runner: a dot for each test, s for one that was skipped, and at the end what failed and why. */
export async function runFiles(files: readonly string[], concurrency: number, root: string): Promise<Tally> {
  const failures: Failure[] = [];
  const printed = new Map<string, string>();
  let tally = EMPTY;
  let column = 0;
  const mark = (character: string): void => {
    process.stdout.write(character);
    column = (column + 1) % WIDTH;
    if (column === 0) process.stdout.write('\n');
  };
  const stream = run({ files: files.map((file) => join(root, file)), cwd: root, concurrency, timeout: FILE_TIMEOUT_MS });
  const keep = ({ file, message }: EventData.TestStderr): void => {
    printed.set(file, `${printed.get(file) ?? ''}${message}`);
  };
  stream.on('test:stdout', keep);
  stream.on('test:stderr', keep);
  stream.on('test:pass', ({ details, skip }: EventData.TestPass) => {
    if (details.type !== 'suite') mark(skip === undefined || skip === false ? '.' : 's');
  });
  stream.on('test:fail', (failure: Failure) => {
    if (!isCause(failure)) return;
    mark('X');
    failures.push(failure);
  });
  stream.on('test:summary', ({ file, counts, success, duration_ms: durationMs }: EventData.TestSummary) => {
    // Without a file it is the sum over all of them.
    if (file === undefined) tally = tallyOf(counts, success, durationMs);
  });
  stream.resume();
  await once(stream, 'end');
  if (column > 0) process.stdout.write('\n');
  for (const failure of failures) process.stdout.write(`\n${describeFailure(failure, root, printed)}\n`);
  return tally;
}

function tallyOf({ tests, suites, passed, cancelled, skipped, todo }: Counts, success: boolean, durationMs: number): Tally {
  return { tests, suites, passed, failed: tests - passed - cancelled - skipped - todo, cancelled, skipped, todo, durationMs, success };
}

/** A test that fails because one inside it failed is told by that one. */
function isCause(failure: Failure): boolean {
  const { error } = failure.details;
  return !('failureType' in error && error.failureType === 'subtestsFailed');
}

function describeFailure(failure: Failure, root: string, printed: Map<string, string>): string {
  const { file, line, name, details } = failure;
  const place = file === undefined ? '' : `${relative(root, file)}${line === undefined ? '' : `:${String(line)}`}`;
  const why = indent(explain(details.error.cause ?? details.error));
  const output = stripVTControlCharacters(printed.get(file ?? '') ?? '').trim();
  // Once is enough for all that failed in a file.
  printed.delete(file ?? '');
  return `✖ ${name}\n  ${place}\n${why}${output === '' ? '' : `\n  printed by the file:\n${indent(indent(output.split('\n').slice(-LINES).join('\n')))}`}`;
}

/** The error's message and where it was thrown; of long ones the beginning, where the reason is, and the end. */
function explain(error: unknown): string {
  // An assertion's message already shows both sides; inspecting it would print them again.
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  const lines = text.split('\n').filter((line) => !line.includes('(node:internal/'));
  return lines.length <= 2 * LINES ? lines.join('\n') : [...lines.slice(0, LINES), `… ${String(lines.length - 2 * LINES)} lines …`, ...lines.slice(-LINES)].join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
