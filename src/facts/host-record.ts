import type { RecordedStep } from '../core/recorder.ts';
import type { Question } from './question.ts';

/** The record's file, beside the marker. */
export function recordFile(installDir: string): string {
  return `${installDir}/.hxllm-record`;
}

/** The lines of these runs in the record. A host without a record has none. */
export function hostRecordQuestion(installDir: string, runs: readonly string[]): Question<readonly RecordedStep[]> {
  return {
    script: 'file=$1; shift; [ ! -f "$file" ] || for run; do grep -a "^$run " -- "$file"; done; exit 0',
    arguments: [recordFile(installDir), ...runs],
    as: 'root',
    parse: ({ stdout }) => parseHostRecord(stdout),
  };
}

/** The run that wrote the last line of the record, if there is one. */
export function lastRunQuestion(installDir: string): Question<string | undefined> {
  return {
    // A power cut may have left a part of a line at the end.
    script: '[ ! -f "$1" ] || tail -n 3 -- "$1"',
    arguments: [recordFile(installDir)],
    as: 'root',
    parse: ({ stdout }) => parseHostRecord(stdout).at(-1)?.run,
  };
}

/** Parses the lines; a line that was cut off by a full disk or a power cut is left out. */
export function parseHostRecord(text: string): readonly RecordedStep[] {
  return text.split('\n').flatMap((line) => {
    const [, run, at, step, state] =
      /^([0-9a-f]{32}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (\S+) (done|failed|undone|stuck)$/.exec(line) ?? [];
    return run === undefined || at === undefined || step === undefined || !isState(state)
      ? []
      : [{ run, at, step, state }];
  });
}

function isState(word: string | undefined): word is RecordedStep['state'] {
  return word === 'done' || word === 'failed' || word === 'undone' || word === 'stuck';
}
