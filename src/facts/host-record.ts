import type { Question } from './question.ts';

/** A line of the host's own record: the state of a step of a run. */
export interface RecordLine {
  /** The id of the run on this host. */
  readonly run: string;
  readonly at: string;
  readonly step: string;
  /** `stuck`: it should have been undone, and that failed. */
  readonly state: 'done' | 'failed' | 'undone' | 'stuck';
}

/** The record's file, beside the marker. */
export function recordFile(installDir: string): string {
  return `${installDir}/.hxllm-record`;
}

/** The lines of these runs in the record. A host without a record has none. */
export function hostRecordQuestion(installDir: string, runs: readonly string[]): Question<readonly RecordLine[]> {
  return {
    script: 'file=$1; shift; [ ! -f "$file" ] || for run; do grep -a "^$run " -- "$file"; done; exit 0',
    arguments: [recordFile(installDir), ...runs],
    as: 'root',
    parse: ({ stdout }) => parseHostRecord(stdout),
  };
}

/** Parses the lines; a line that was cut off by a full disk or a power cut is left out. */
export function parseHostRecord(text: string): readonly RecordLine[] {
  return text.split('\n').flatMap((line) => {
    const [, run, at, step, state] =
      /^([0-9a-f]{32}) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (\S+) (done|failed|undone|stuck)$/.exec(line) ?? [];
    return run === undefined || at === undefined || step === undefined || !isState(state)
      ? []
      : [{ run, at, step, state }];
  });
}

function isState(word: string | undefined): word is RecordLine['state'] {
  return word === 'done' || word === 'failed' || word === 'undone' || word === 'stuck';
}
