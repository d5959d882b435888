import { described, documentSchema, objectOf, type JsonSchema } from '../core/json-schema.ts';
import type { KeptEvent, RecordedStep } from '../core/recorder.ts';
import { REPORT_DEFINITIONS, reportPart } from '../core/report-schema.ts';
import {
  type RunEnding,
  SCHEMA_VERSION,
  type InputFile,
  type RunClosing,
  type RunOpening,
  type RunRecord,
} from './run-record.ts';

const { text, count, duration, time, word, list } = described;

/** The ending of a run, as run.json and `--json` say it. */
export const ENDING = word<RunEnding>('How the run ended.', {
  passed: 'all is as expected',
  failed: 'a check or a step failed, or there are problems',
  pending: 'a dry run found differences',
  declined: 'the operator said no',
  aborted: 'the run was interrupted',
  crashed: 'hxllm itself failed',
  'cut-off': 'the run was killed, or its machine went down; the next run closed it',
});

/** The exit code of a run, as run.json and `--json` say it. */
export const EXIT_CODE = count('The exit code of the phase.');

const VERSION: JsonSchema = { description: 'The version of this format.', const: SCHEMA_VERSION };
const RUN = text('The name of the run’s folder: the UTC time of its start.');

const OPENING = {
  phase: text('The phase, or `uninstall`.'),
  version: text('The version of hxllm.'),
  command: list('The command as typed, with secrets redacted.', { type: 'string' }),
  cwd: text('The working directory.'),
  by: text('User and machine, such as `ada@workstation`.'),
  pid: count('The process id.'),
};

/** The schema of run.json. */
export function runRecordSchema(): JsonSchema {
  return documentSchema('run.json', 'run.json of a run', {
    ...objectOf<RunRecord>('One run of a phase: user, command, files, times, every verdict, and the ending.', {
      schemaVersion: VERSION,
      run: RUN,
      startedAt: time('The start.'),
      endedAt: time('The end.'),
      durationMs: duration('The time between them, in ms.'),
      ...OPENING,
      ending: ENDING,
      exitCode: EXIT_CODE,
      hosts: list('The hosts of the run.', { type: 'string' }),
      inputs: list(
        'The operator’s files that were read.',
        objectOf<InputFile>('A file, as it was read.', {
          path: text('Its absolute path.'),
          sha256: text('The SHA-256 of its content, in hexadecimal digits.'),
        }),
      ),
      changes: count('The number of changes that were made, or that a dry run found.'),
      results: list('The result of every check.', reportPart('checkResult')),
      problems: list('The failures that are no checks.', reportPart('problem')),
      warnings: list('Findings in the operator’s files that did not stop the run.', reportPart('problem')),
      closed: { optional: list('The runs that were cut off and that this run closed.', { type: 'string' }) },
      closedBy: { optional: text('The run that closed this one, which was cut off.') },
    }),
    $defs: REPORT_DEFINITIONS,
  });
}

/** The properties that every line of events.jsonl has, and those of a kind of event. */
type Line<K extends KeptEvent['kind']> = { readonly at: string } & Extract<KeptEvent, { readonly kind: K }>;
const AT = time('The time of the event.');

function kindOf(name: string): JsonSchema {
  return { const: name, description: 'The kind of the event.' };
}

/** The schema of one line of events.jsonl. */
export function eventSchema(): JsonSchema {
  const host = text('The host; `-` if the event concerns none.');
  const { step, ...definitions } = REPORT_DEFINITIONS;
  return documentSchema('events.jsonl', 'A line of events.jsonl', {
    description:
      'One event of a run, written as it happened. The first line is `opened`; the last is `closed`, unless the run was cut off.',
    anyOf: [
      objectOf<{ at: string; kind: 'opened'; schemaVersion: number; run: string } & RunOpening>('The run begins.', {
        at: AT,
        kind: kindOf('opened'),
        schemaVersion: VERSION,
        run: RUN,
        ...OPENING,
      }),
      objectOf<Line<'progress'>>('The phase says what it is doing.', {
        at: AT,
        kind: kindOf('progress'),
        host,
        text: text('The work in progress.'),
      }),
      objectOf<Line<'check'>>('A check was judged.', {
        at: AT,
        kind: kindOf('check'),
        result: reportPart('checkResult'),
      }),
      { ...step, properties: { at: AT, ...step.properties }, required: ['at', ...(step.required ?? [])] },
      objectOf<Line<'record'>>('The host notes from here on what becomes of each step.', {
        at: AT,
        kind: kindOf('record'),
        host,
        id: text('The first word of this run’s lines in `.hxllm-record` in the install folder of the host.'),
      }),
      objectOf<Line<'recorded'>>('The host’s own record of earlier runs that did not say how they ended.', {
        at: AT,
        kind: kindOf('recorded'),
        host,
        steps: list(
          'Its lines of these runs.',
          objectOf<RecordedStep>('The state of one step.', {
            run: text('The id of the run, as its event `record` has it.'),
            at: text('The time on the host.'),
            step: text('The id of the step.'),
            state: word<RecordedStep['state']>('The state.', {
              done: 'it is done',
              failed: 'it failed',
              undone: 'it was taken back after a failure',
              stuck: 'taking it back failed',
            }),
          }),
        ),
      }),
      objectOf<Line<'problem'>>('A failure that is no check.', {
        at: AT,
        kind: kindOf('problem'),
        problem: reportPart('problem'),
      }),
      objectOf<Line<'note'>>('A line for the operator.', {
        at: AT,
        kind: kindOf('note'),
        host: { optional: host },
        text: text('The line.'),
      }),
      objectOf<{ at: string; kind: 'closed' } & Pick<RunClosing, 'ending' | 'exitCode'>>('The run ends.', {
        at: AT,
        kind: kindOf('closed'),
        ending: ENDING,
        exitCode: EXIT_CODE,
      }),
    ],
    $defs: definitions,
  });
}
