import {
  appendFileSync,
  closeSync,
  constants,
  fsyncSync,
  existsSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { parseObject } from '../core/json.ts';
import type { StepEvent } from '../core/recorder.ts';
import { appendRun, closing } from './chain/append-run.ts';
import { readChain } from './chain/chain.ts';
import type { EarlierRun } from './earlier-run.ts';
import type { OwnFolder } from './own-folder.ts';
import { reportFiles } from './report/report-files.ts';
import { SCHEMA_VERSION, type RunRecord } from './run-record.ts';
import { summaryOf } from './summary.ts';

/** The exit code that a shell reports after SIGKILL. */
const KILLED = 137;
const FILE_MODE = 0o600;

/**
 * Closes a run that was cut off, in its own folder: the states of its steps are appended to its events, and run.json, summary.txt and
 * the manifest are written. Its earlier lines and documents stay as they are: a run that was killed after run.json was whole keeps its
 * ending. Throws an error of the system; of two runs that close it one wins.
 */
export function closeCutOff(
  root: OwnFolder,
  earlier: EarlierRun,
  steps: readonly StepEvent[],
  { closedBy, nowMs }: { readonly closedBy: string; readonly nowMs: number },
): void {
  using phases = root.below(earlier.phase);
  using own = phases.below(earlier.run);
  const { run, phase } = earlier;
  const closedAt = new Date(nowMs).toISOString();
  closing(root, () => {
    if (readChain(root.at('.')).has(phase, run)) throw new Error(`${phase}/${run} was closed meanwhile`);
    const ended = recordIn(own);
    const record = ended ?? cutOffRecord(earlier, steps, closedBy);
    const last =
      ended === undefined
        ? { kind: 'closed', ending: record.ending, exitCode: record.exitCode }
        : { kind: 'note', text: `the process was killed as it closed this run; ${closedBy} wrote its manifest` };
    append(
      own,
      [...steps, last].map((line) => ({ at: closedAt, ...line })),
    );
    if (ended === undefined) write(own, 'run.json', `${JSON.stringify(record, undefined, 2)}\n`);
    write(own, 'summary.txt', `${summaryOf(record)}${stepsText(steps)}`);
    // A report of the phase itself stays; one of these may be a part.
    const { 'report.md': markdown = '', ...reports } = reportFiles(own.at('.'), record);
    for (const [name, text] of Object.entries(reports)) write(own, name, text);
    if (!existsSync(own.at('report.md'))) write(own, 'report.md', markdown);
    appendRun(root, own, { phase, run, closedAt });
  });
}

/** The run.json of a run that was killed after it was whole. */
function recordIn(own: OwnFolder): RunRecord | undefined {
  try {
    const record = parseObject(readFileSync(own.at('run.json'), 'utf8'));
    const isWhole = ['results', 'problems', 'hosts', 'inputs', 'command'].every((name) =>
      Array.isArray(record?.[name]),
    );
    // hxllm wrote it, and its schema is published.
    return isWhole ? (record as unknown as RunRecord) : undefined;
  } catch {
    return undefined;
  }
}

function cutOffRecord(earlier: EarlierRun, steps: readonly StepEvent[], closedBy: string): RunRecord {
  const { events, opening, startedAt, lastAt, run } = earlier;
  return {
    schemaVersion: SCHEMA_VERSION,
    run,
    startedAt,
    endedAt: lastAt,
    durationMs: Math.max(0, Date.parse(lastAt) - Date.parse(startedAt)),
    ...opening,
    ending: 'cut-off',
    exitCode: KILLED,
    hosts: [
      ...new Set(events.flatMap((event) => ('host' in event && event.host !== undefined ? [event.host] : []))),
    ].filter((host) => host !== '-'),
    inputs: [],
    changes: steps.filter(({ state }) => state === 'done').length,
    results: events.flatMap((event) => (event.kind === 'check' ? [event.result] : [])),
    problems: events.flatMap((event) => (event.kind === 'problem' ? [event.problem] : [])),
    warnings: [],
    closedBy,
  };
}

function append(own: OwnFolder, lines: readonly object[]): void {
  const before = readFileSync(own.at('events.jsonl'), 'utf8');
  // A line that a power cut left unfinished gets an end, so that the next one is whole.
  const start = before === '' || before.endsWith('\n') ? '' : '\n';
  const file = openSync(own.at('events.jsonl'), constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    appendFileSync(file, `${start}${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function write(own: OwnFolder, name: string, text: string): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_TRUNC;
  const file = openSync(own.at(name), flags, FILE_MODE);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

function stepsText(steps: readonly StepEvent[]): string {
  return steps.length === 0
    ? ''
    : `\n${steps.map(({ host, title, state, detail }) => `${state.padEnd(8)} ${host}  ${title}${detail === undefined ? '' : `  (${detail})`}`).join('\n')}\n`;
}
