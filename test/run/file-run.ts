import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { relative } from 'node:path';
import { run, type EventData } from 'node:test';
import { inspect, stripVTControlCharacters } from 'node:util';
import { endMarked, MARK } from './processes.ts';
import { createProgress } from './progress.ts';
import { EMPTY, tallyOf, type Tally } from './tally.ts';

/** The result of one file: its counts, and a text for each failure. */
export interface FileRun {
  readonly tally: Tally;
  readonly failures: readonly string[];
}

/** How to run one file. */
export interface FileOptions {
  readonly root: string;
  /** The whole environment of the file; without it, that of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** The time limit: a file that still runs then hangs, and is stopped with all its processes. */
  readonly limit: AbortSignal;
  /** Called with one character for each finished test. */
  readonly mark: (character: string) => void;
  /** Called with what the file prints. */
  readonly onPrinted?: (text: string) => void;
}

/** Time for the runner to notice that all processes of a file have ended, ms. */
const GRACE_MS = 2000;
/** Most lines that are shown of a long text. */
const LINES = 40;

type Failure = EventData.TestFail;

/** Runs one test file to its end or to its time limit: node's own limits do not cover a file that does not end. */
export async function runFile(
  file: string,
  { root, environment = process.env, limit, mark, onPrinted }: FileOptions,
): Promise<FileRun> {
  const startedMs = performance.now();
  const failures: Failure[] = [];
  const progress = createProgress();
  const stop = new AbortController();
  const id = randomUUID();
  let [tally, printed, overdue, refused] = [EMPTY, '', false, false];
  const stream = run({ files: [file], cwd: root, signal: stop.signal, env: { ...environment, [MARK]: id } });
  const end = (): void => {
    overdue = true;
    // The runner then sees the end of the file; if a process holds its output open, the runner is aborted.
    void endMarked(id).then(() => {
      setTimeout(() => {
        stop.abort();
      }, GRACE_MS).unref();
    });
  };
  limit.addEventListener('abort', end, { once: true });
  const keep = ({ message }: EventData.TestStderr): void => {
    printed += message;
    onPrinted?.(message);
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
    // The stop of a file is reported below, with more details than node has.
    if (overdue && failure.name === file) refused = true;
    else failures.push(failure);
  });
  stream.on('test:summary', ({ file: only, counts, success, duration_ms: durationMs }: EventData.TestSummary) => {
    // A summary without a file is the sum, which includes failures of the file itself.
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

/** A stopped file counts as failed, also if node counted no failure. */
function stoppedTally(tally: Tally, counted: boolean): Tally {
  return counted
    ? { ...tally, success: false }
    : { ...tally, tests: tally.tests + 1, failed: tally.failed + 1, success: false };
}

/** The output of a file stands with its last failure, once. */
function withPrinted(failures: readonly string[], printed: string): readonly string[] {
  const output = stripVTControlCharacters(printed).trim();
  const last = failures.at(-1);
  if (last === undefined || output === '') return failures;
  return [
    ...failures.slice(0, -1),
    `${last}\n  printed by the file:\n${indent(indent(output.split('\n').slice(-LINES).join('\n')))}`,
  ];
}

/** Whether a failure is a cause: a parent test that failed because of a subtest is not. */
function isCause(failure: Failure): boolean {
  const { error } = failure.details;
  return !('failureType' in error && error.failureType === 'subtestsFailed');
}

function describeFailure({ file, line, name, details }: Failure, root: string): string {
  const place = file === undefined ? '' : `${relative(root, file)}${line === undefined ? '' : `:${String(line)}`}`;
  return `✖ ${name}\n  ${place}\n${indent(explain(details.error.cause ?? details.error))}`;
}

/** The error's message and its origin; of a long text the beginning, which has the reason, and the end. */
function explain(error: unknown): string {
  // An assertion's message already shows both sides.
  const text = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  const lines = text.split('\n').filter((line) => !line.includes('(node:internal/'));
  return lines.length <= 2 * LINES
    ? lines.join('\n')
    : [...lines.slice(0, LINES), `… ${String(lines.length - 2 * LINES)} lines …`, ...lines.slice(-LINES)].join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
