import { appendFileSync, closeSync, constants, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import type { StepEvent } from '../core/recorder.ts';
import type { EarlierRun } from './earlier-run.ts';
import { MANIFEST, manifestOf } from './manifest.ts';
import type { OwnFolder } from './own-folder.ts';
import { SCHEMA_VERSION, type RunRecord } from './run-record.ts';
import { summaryOf } from './summary.ts';

/** The exit code that a shell reports after SIGKILL. */
const KILLED = 137;
const FILE_MODE = 0o600;

/**
 * Closes a run that was cut off, in its own folder: the states of its steps are appended to its events, and run.json, summary.txt and
 * the manifest are written. Its earlier lines and documents stay as they are. Throws an error of the system; of two runs that close it one wins.
 */
export function closeCutOff(
  root: OwnFolder,
  earlier: EarlierRun,
  steps: readonly StepEvent[],
  { closedBy, nowMs }: { readonly closedBy: string; readonly nowMs: number },
): void {
  using phases = root.below(earlier.phase);
  using own = phases.below(earlier.run);
  const { events, opening, startedAt, lastAt, run, phase } = earlier;
  const closedAt = new Date(nowMs).toISOString();
  const record: RunRecord = {
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
  // Made anew by one process alone: it is the claim to close this run.
  write(own, 'run.json', `${JSON.stringify(record, undefined, 2)}\n`, constants.O_EXCL);
  const lines = [...steps, { kind: 'closed', ending: record.ending, exitCode: record.exitCode }];
  append(
    own,
    lines.map((line) => ({ at: closedAt, ...line })),
  );
  write(own, 'summary.txt', `${summaryOf(record)}${stepsText(steps)}`, constants.O_TRUNC);
  const manifest = manifestOf({ run: own.at('.'), phases: phases.at('.') }, phase, run, closedAt);
  write(own, MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`, constants.O_EXCL);
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

function write(own: OwnFolder, name: string, text: string, flag: number): void {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | flag;
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
