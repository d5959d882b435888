import {
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../core/error.ts';
import { randomId } from '../core/id.ts';
import { timestampOf } from '../core/timestamp.ts';
import type { OwnFolder } from './own-folder.ts';

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const DRAFT = '.opening-';
const REMOVED = '.removing-';
/** A run takes milliseconds to open. */
const LEFT_AFTER_MS = 3_600_000;

/** Whether a folder belongs to a run that opens now or is removed now. A process that was killed meanwhile leaves it. */
export function isDraft(name: string): boolean {
  return name.startsWith(DRAFT) || name.startsWith(REMOVED);
}

/** Removes the folder of a run. A process that is killed meanwhile leaves no part of a run, but a hidden folder that later goes. */
export function removeRun(folder: string): void {
  const hidden = join(dirname(folder), `${REMOVED}${randomId()}`);
  renameSync(folder, hidden);
  rmSync(hidden, { recursive: true });
}

/**
 * Makes the folder of a run and its events with their first line. The folder gets its name when that line is in it, so no folder of a run
 * is without it. The name is the lock: of two runs that begin in one second, the later gets a number.
 */
export function claimRun(
  phases: OwnFolder,
  startedMs: number,
  firstLine: (run: string) => string,
): { readonly run: string; readonly events: number } {
  removeOldDrafts(phases, startedMs);
  const timestamp = timestampOf(startedMs);
  const draft = phases.at(`${DRAFT}${randomId()}`);
  mkdirSync(draft, { mode: FOLDER_MODE });
  const events = openSync(`${draft}/events.jsonl`, 'ax', FILE_MODE);
  for (let number = 1; ; number += 1) {
    const run = number === 1 ? timestamp : `${timestamp}-${String(number)}`;
    // An empty folder would be replaced.
    if (existsSync(phases.at(run))) continue;
    ftruncateSync(events);
    writeSync(events, firstLine(run));
    try {
      renameSync(draft, phases.at(run));
      return { run, events };
    } catch (error) {
      if (!['EEXIST', 'ENOTEMPTY', 'ENOTDIR'].includes(errorCode(error))) throw error;
    }
  }
}

function removeOldDrafts(phases: OwnFolder, nowMs: number): void {
  for (const name of readdirSync(phases.at('.')).filter(isDraft)) {
    const age = nowMs - statSync(phases.at(name)).mtimeMs;
    if (age > LEFT_AFTER_MS) rmSync(phases.at(name), { recursive: true, force: true });
  }
}
