import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, parseJson } from '../../core/json.ts';
import { isPhase, placeOfRun } from '../chain/link.ts';
import { compareRuns, isRun } from '../run-name.ts';
import type { RunRecord } from '../run-record.ts';

/** A run in the evidence folder. */
export interface KeptRun {
  /** `enforce/20261123T231500Z` */
  readonly place: string;
  readonly phase: string;
  readonly run: string;
  /** `undefined`: it is at work, or was cut off and is not closed yet. */
  readonly record: RunRecord | undefined;
}

/** The runs in an evidence folder, the newest last. Runs of other users are left out. */
export function keptRuns(root: string): readonly KeptRun[] {
  return namesIn(root)
    .filter(isPhase)
    .flatMap((phase) =>
      namesIn(join(root, phase))
        .filter(isRun)
        .map((run) => ({ place: placeOfRun({ phase, run }), phase, run, record: recordIn(join(root, phase, run)) })),
    )
    .toSorted((a, b) => compareRuns(a.run, b.run) || (a.phase < b.phase ? -1 : 1));
}

/** The run with a name: its place, its folder's name or the beginning of it, a phase or its folder for the newest one, or `latest`. */
export function findRun(runs: readonly KeptRun[], name: string): KeptRun | undefined {
  const plain = name.replace(/\/+$/, '').split('/').slice(-2).join('/');
  if (plain === 'latest') return runs.at(-1);
  return (
    runs.find(({ place, run }) => place === plain || run === plain) ??
    runs.findLast(({ phase }) => phase === plain || plain.endsWith(`/${phase}`)) ??
    runs.findLast(({ place, run }) => plain.length >= 8 && (run.startsWith(plain) || place.startsWith(plain)))
  );
}

function recordIn(folder: string): RunRecord | undefined {
  try {
    const record = parseJson(readFileSync(join(folder, 'run.json'), 'utf8'));
    // hxllm wrote it, and its schema is published.
    return isObject(record) && Array.isArray(record['results']) ? (record as unknown as RunRecord) : undefined;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
