import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { relative } from 'node:path';
import { run, type EventData } from 'node:test';
import { inspect, stripVTControlCharacters } from 'node:util';
import { endMarked, MARK } from './processes.ts';
import { createProgress } from './progress.ts';
import { EMPTY, tallyOf, type Tally } from './tally.ts';

/** What came of one file: its counts, and a text for each failure. */
export interface FileRun {
  readonly tally: Tally;
  readonly failures: readonly string[];
}

/** How one file is run. */
export interface FileOptions {
  readonly root: string;
  /** When its time is over: a file that still runs then hangs, and is stopped with all that it started. */
  readonly limit: AbortSignal;
  /** Called with one character for each test that has ended. */
  readonly mark: (character: string) => void;
}

/** How long the runner may take to see that all of a file's processes are gone. */
const GRACE_MS = 2000;
/** Lines that are shown of something long. */
const LINES = 40;

type Failure = EventData.TestFail;

/** Runs one test file to its end, or until its time is over: node's own limits do not hold for a file that merely does not end. */
export async function runFile(file: string, { root, limit, mark }: FileOptions): Promise<FileRun> {
  const startedMs = performance.now();
  const failures: Failure[] = [];
  const progress = createProgress();
  const stop = new AbortController();
  const id = randomUUID();
  let [tally, printed, overdue, refused] = [EMPTY, '', false, false];
  const stream = run({ files: [file], cwd: root, signal: stop.signal, env: { ...process.env, [MARK]: id } });
  const end = (): void => {
    overdue = true;
    // The runner then sees the file end; where something holds on to its output, it is told to wait no longer.
    void endMarked(id).then(() => {
      setTimeout(() => {
        stop.abort();
      }, GRACE_MS).unref();
    });
  };
  limit.addEventListener('abort', end, { once: true });
  const keep = ({ message }: EventData.TestStderr): void => {
    printed += message;
  };
  stream.on('test:stdout', keep);
  stream.on('test:stderr', keep);
  stream.on('test:enqueue', (test: EventData.TestEnqueue) => {
    if (test.name !== file) progress.enqueued(test);
  });
  stream.on('test:dequeue', (test: EventData.TestDequeue) => {
    if (test.name !== file) progress.begun(test);
  });
  stream.on('test:complete', (test: EventData.TestComplete) => {
    if (test.name !== file) progress.ended(test);
  });
  stream.on('test:pass', ({ details, skip }: EventData.TestPass) => {
    if (details.type !== 'suite') mark(skip === undefined || skip === false ? '.' : 's');
  });
  stream.on('test:fail', (failure: Failure) => {
    if (!isCause(failure)) return;
    mark('X');
    // That a file was stopped is told below, with more than node knows of it.
    if (overdue && failure.name === file) refused = true;
    else failures.push(failure);
  });
  stream.on('test:summary', ({ file: only, counts, success, duration_ms: durationMs }: EventData.TestSummary) => {
    // Without a file it is the sum, which has what went wrong with the file itself.
    if (only === undefined) tally = tallyOf(counts, success, durationMs);
  });
  stream.resume();
  await once(stream, 'end');
  limit.removeEventListener('abort', end);
  const told = failures.map((failure) => describeFailure(failure, root));
  if (overdue)
    told.push(
      [
        `✖ ${relative(root, file)} was stopped after ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
        ...progress.describe().map((line) => `  ${line}`),
      ].join('\n'),
    );
  return { tally: overdue ? stoppedTally(tally, refused) : tally, failures: withPrinted(told, printed) };
}

/** A file that was stopped is a failure, also where node counted none. */
function stoppedTally(tally: Tally, counted: boolean): Tally {
  return counted
    ? { ...tally, success: false }
    : { ...tally, tests: tally.tests + 1, failed: tally.failed + 1, success: false };
}

/** What the file printed stands with the last of its failures; once is enough. */
function withPrinted(failures: readonly string[], printed: string): readonly string[] {
  const output = stripVTControlCharacters(printed).trim();
  const last = failures.at(-1);
  if (last === undefined || output === '') return failures;
  return [
    ...failures.slice(0, -1),
    `${last}\n  printed by the file:\n${indent(indent(output.split('\n').slice(-LINES).join('\n')))}`,
  ];
}

/** A test that fails because one inside it failed is told by that one. */
function isCause(failure: Failure): boolean {
  const { error } = failure.details;
  return !('failureType' in error && error.failureType === 'subtestsFailed');
}

function describeFailure({ file, line, name, details }: Failure, root: string): string {
  const place = file === undefined ? '' : `${relative(root, file)}${line === undefined ? '' : `:${String(line)}`}`;
  return `✖ ${name}\n  ${place}\n${indent(explain(details.error.cause ?? details.error))}`;
}

/** The error's message and where it was thrown; of long ones the beginning, where the reason is, and the end. */
function explain(error: unknown): string {
  // An assertion's message already shows both sides; inspecting it would print them again.
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  const lines = text.split('\n').filter((line) => !line.includes('(node:internal/'));
  return lines.length <= 2 * LINES
    ? lines.join('\n')
    : [...lines.slice(0, LINES), `… ${String(lines.length - 2 * LINES)} lines …`, ...lines.slice(-LINES)].join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
